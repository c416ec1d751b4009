#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# Checkpoints that are not this program's, and command lines that make no sense:
# loading.sh LIB FOLDER, where FOLDER holds the programs network and table.
# shellcheck source=/dev/null
. "$1"
folder=$2
program=$2/network

"$program" train --quiet --set L=5 --iterations 2 --save good.safetensors >/dev/null

# ---- checkpoints ----

bad() {
    text=$1
    shift
    expect 4 "$text" "$program" "$@"
}
bad missing.safetensors eval --load missing.safetensors
bad missing.safetensors train --resume missing.safetensors
expect 4 'another network' "$folder/table" eval --load good.safetensors
expect 4 good.safetensors "$folder/table" eval --load good.safetensors
bad 'these params wants [6, 24, 24]' eval --load good.safetensors --set L=6
bad 'these params wants [6, 24, 24]' train --resume good.safetensors --set L=6
for size in 0 7 8 100 2000 20000; do
    head -c $size good.safetensors >short.safetensors
    bad short.safetensors eval --load short.safetensors
    bad short.safetensors train --resume short.safetensors
done
: >cut.safetensors
bad 'cut.safetensors: the file is empty' eval --load cut.safetensors
echo text >cut.safetensors
bad 'cut.safetensors: 5 bytes that are no checkpoint' eval --load cut.safetensors
echo 'a longer text that is no checkpoint' >cut.safetensors
bad 'no checkpoint' eval --load cut.safetensors
head -c 100 good.safetensors >cut.safetensors
bad 'cut.safetensors: the file is cut short: 100 bytes' eval --load cut.safetensors
head -c 20000 good.safetensors >cut.safetensors
bad 'is it cut short?' eval --load cut.safetensors
{ cat good.safetensors; echo; } >long.safetensors
bad long.safetensors eval --load long.safetensors
sed 's/"F32"/"I32"/' good.safetensors >typed.safetensors
bad 'type I32' eval --load typed.safetensors
sed 's/\.V\.weight/.U.weight/' good.safetensors >named.safetensors
bad .U.weight eval --load named.safetensors
sed 's/"shape":\[5,24,24\]/"shape":[5,48,12]/' good.safetensors >shaped.safetensors
bad '[5, 48, 12]' eval --load shaped.safetensors
sed 's/"param.L":"5"/"param.L":"x"/' good.safetensors >param.safetensors
bad param.safetensors eval --load param.safetensors
sed 's/"param.L":"5"/"param.L":"9"/' good.safetensors >deeper.safetensors
bad deeper.safetensors eval --load deeper.safetensors
printf '\377\377\377\377\377\377\377\177{}' >huge.safetensors
bad huge.safetensors eval --load huge.safetensors
echo 'this is no checkpoint' >text.safetensors
bad text.safetensors eval --load text.safetensors
expect 0 '' "$program" eval --load good.safetensors
bad 'a device' eval --load /dev/full
bad 'a device' train --resume /dev/zero
bad 'a device' predict --load good.safetensors --input /dev/zero

# ---- inputs to predict ----

predict() {
    bytes "$2" >inputs.csv
    bad "$1" predict --load good.safetensors --input inputs.csv --output y.csv
    bad inputs.csv predict --load good.safetensors --input inputs.csv --output y.csv
    [ ! -e y.csv ] || fail "predictions of bad inputs"
}
row='1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23'
predict 'line 2' "$row,24\n$row,nan\n"
predict '23 of the 23 columns are inputs, but the network reads 24, in the order' "$row\n"
predict '25 of the 25 columns are inputs, but the network reads 24, in the order' "$row,24,25\n"
predict 'read as inputs: length, width' 'length,width\n1,2\n'
predict 'line 2' "$row,24\n$row\n"
predict 'word' "$row,word\n$row,word\n"

# ---- checks ----

expect 0 '' "$program" check
expect 5 'broken' "$program" check --set most=0.1
grep -q broken out.txt || fail "check does not say which"

# ---- usage ----

usage() {
    text=$1
    shift
    expect 2 "$text" "$program" "$@"
}
usage 'no command'
usage nonsense nonsense
usage --nonsense train --nonsense
usage --epochs train --epochs
usage --epochs train --epochs many
usage --epochs train --epochs -1
usage --load train --load good.safetensors
usage unexpected train twice
usage L train --set L=0
usage L train --set L=100001
usage L train --set L=ten
usage L train --set L=
usage deep train --set deep=3
usage L train --set L
usage lr0 train --set lr0=nan
usage --load eval
usage --load predict --input inputs.csv
usage --save train --resume auto
expect 0 '' "$program" --help
expect 0 '' "$program" --version
finish
