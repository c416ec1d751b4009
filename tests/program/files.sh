#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# Checkpoints between an executable and an object of the same network: each goes on where the other
# stopped, to the same bits; and damaged ones under the sanitizer: files.sh LIB RNETC FOLDER, where
# FOLDER holds files.rnet and files.c.
# shellcheck source=/dev/null
. "$1"
rnetc=$2 folder=$3

host() {
    "${CC:-cc}" -std=c11 -Wall -Wextra -Werror -O1 -I. "$@" -lm
}
# of ten rows, eight are for training
{ echo x1,x2,x3,y; yes 0.5,-1.25,2,0.75 | head -n 10; } >same.csv
echo 0.5,-1.25,2 >row.csv
"$rnetc" -O1 --cpu=native "$folder/files.rnet" -o exe
"$rnetc" -O1 --cpu=native -c "$folder/files.rnet" -o files.o
host "$folder/files.c" files.o -o host

# ---- from the executable to the object, and back ----

train() {
    expect 0 '' ./exe train --quiet --data . "$@"
}
train --set L=6 --epochs 3 --save three.safetensors
train --resume three.safetensors --epochs 5 --save five.safetensors
expect 0 '' ./host copy three.safetensors copy.safetensors
cmp three.safetensors copy.safetensors || fail 'a copy through the object differs'
expect 0 '' ./host train three.safetensors on.safetensors 2
same_tensors five.safetensors on.safetensors
expect 0 '' ./exe predict --load five.safetensors --input row.csv --output exe.npy
expect 0 '' ./host predict five.safetensors host.bin
tail -c 4 exe.npy | cmp - host.bin || fail 'the object predicts something else'

# ---- from the object to the executable ----

expect 0 '' ./host draw 2 two.safetensors
expect 0 '' ./host draw 5 goal.safetensors
train --resume two.safetensors --epochs 5 --save end.safetensors
same_tensors end.safetensors goal.safetensors
expect 0 '' ./host weights five.safetensors weights.safetensors
expect 0 '' ./exe predict --load weights.safetensors --input row.csv --output exe.npy
tail -c 4 exe.npy | cmp - host.bin || fail 'weights alone predict something else'
expect 4 'weights only' ./exe train --data . --resume weights.safetensors

# ---- single tensors ----

tensors weights.safetensors >data.bin
head -c 4000 weights.safetensors | tr '{}' '\n' | sed -n 's/^,"\(.*\)":$/\1/p' >names.txt
[ "$(wc -l <names.txt)" -ge 8 ] || fail "$(wc -l <names.txt) tensors"
# shellcheck disable=SC2046 # names have no spaces
expect 0 '' ./host exchange five.safetensors all.bin other.bin $(cat names.txt)
cmp data.bin all.bin || fail 'exported tensors differ from the file'
cmp host.bin other.bin || fail 'imported tensors predict something else'

# ---- anything but a checkpoint ----

"$rnetc" -O1 --cpu=native --sanitize=address -c "$folder/files.rnet" -o files.o
nm files.o | grep -q 'U __asan_' || fail 'the object is not watched'
host -g -fsanitize=address,undefined "$folder/files.c" files.o -o watched
expect 0 '' ./watched damage three.safetensors 20000
[ ! -s err.txt ] || fail "$(head -n 20 err.txt)"
finish
