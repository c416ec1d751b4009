#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# Weights that are part of an object: baked.sh LIB RNETC FOLDER, where FOLDER holds files.rnet and
# baked.c.
# shellcheck source=/dev/null
. "$1"
rnetc=$2 folder=$3 source=$3/files.rnet

{ echo x1,x2,x3,y; yes 0.5,-1.25,2,0.75 | head -n 10; } >same.csv
echo 0.5,-1.25,2 >row.csv
"$rnetc" -O1 --cpu=native "$source" -o exe
expect 0 '' ./exe train --quiet --data . --set L=6 --epochs 3 --save m.safetensors
expect 0 '' ./exe predict --load m.safetensors --input row.csv --output exe.npy

bake() {
    "$rnetc" -O1 --cpu=native -c --weights m.safetensors "$@" "$source" -o files.o
}
run_host() {
    "${CC:-cc}" -std=c11 -Wall -Wextra -Werror -O1 -I. "$@" "$folder/baked.c" files.o -lm -o baked
    expect 0 '' ./baked m.safetensors y.bin
    tail -c 4 exe.npy | cmp - y.bin || fail 'the baked weights predict something else'
}
bake -MD
run_host
grep -q 'm\.safetensors' files.o.d || fail 'make would not see that the weights changed'
mv files.o first.o
RNET_ISA=none bake
cmp first.o files.o || fail 'the same input gave other bytes'
bake --predict-only
run_host -DWITHOUT_LOAD
! nm files.o | grep -qE 'T files_(load|init|save|step)' || fail 'functions for nothing'
objdump -t files.o | grep -q '\.rodata.*weights$' || fail 'the weights are not read-only'

# ---- for another machine ----

"$rnetc" -O1 --target=aarch64-linux-gnu -c --weights m.safetensors "$source" -o arm.o
readelf -s arm.o | grep -q ' weights$' || fail 'no weights for another machine'

# ---- what cannot be baked ----

refused() {
    status=$1 text=$2
    shift 2
    rm -f bad.o
    expect "$status" "$text" "$rnetc" -c "$@" -o bad.o
    [ ! -e bad.o ] || fail "an object in spite of: $text"
}
refused 1 'm.safetensors was made with L = 6, but -D sets it to 7' --weights m.safetensors -D L=7 \
    "$source"
"$rnetc" -O0 --cpu=native -c -D L=6 --weights m.safetensors "$source" -o same.o ||
    fail '-D that says the same is refused'
head -c 2000 m.safetensors >short.safetensors
refused 1 short.safetensors --weights short.safetensors "$source"
refused 1 none.safetensors --weights none.safetensors "$source"
refused 1 'another network' --weights m.safetensors "$folder/tiny.rnet"
sed 's/"shape":\[6,7,5\]/"shape":[6,5,7]/' m.safetensors >shape.safetensors
refused 1 'wants [6, 7, 5]' --weights shape.safetensors "$source"
sed 's/"param.L":"6"/"param.L":"x"/' m.safetensors >param.safetensors
refused 1 param.safetensors --weights param.safetensors "$source"
expect 2 'part of an object' "$rnetc" --weights m.safetensors "$source" -o bad
finish
