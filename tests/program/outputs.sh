#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# Outputs that name what the command reads, another output or a folder: outputs.sh LIB RNETC.
# shellcheck source=/dev/null
. "$1"
rnetc=$2

cat >net.rnet <<'END'
model { input x[2]; residual depth 2 { branch dense(2) -> tanh } }
train {
  data      npy("x.npy", "y.npy")
  loss      mse
  optimizer sgd(lr = 1e-3)
  epochs    2
}
END
cat >turn.rnet <<'END'
param beta = 0.5 in 0..2
model { input x[2]; residual depth 2 { alpha depth^-beta; branch dense(2) -> tanh } }
train {
  data      rotation(dim = 2, train = 8, test = 4)
  loss      mse
  optimizer sgd(lr = 1e-3)
  epochs    2
}
sweep cells { beta in [0, 1]; measure forward_ratio }
END
for name in net turn; do
    "$rnetc" -O0 --cpu=baseline -Wno-regime $name.rnet -o $name
done
# ten rows of two ones
{
    bytes '\223NUMPY\001\000\166\000'
    printf '%-117s\n' "{'descr': '<f4', 'fortran_order': False, 'shape': (10, 2), }"
    for _ in $(seq 20); do bytes '\000\000\200\077'; done
} >x.npy
cp x.npy y.npy
expect 0 '' ./net train --quiet --save net.safetensors
printf '1,2\n' >in.csv

# refused STATUS-TEXT COMMAND…: nothing that is there changes, and nothing comes.
refused() {
    sum=$(cksum ./*.rnet ./*.npy ./*.csv ./*.safetensors net turn)
    expect 2 "$@"
    [ "$sum" = "$(cksum ./*.rnet ./*.npy ./*.csv ./*.safetensors net turn)" ] ||
        fail "written although refused: $*"
}
mkdir folder
ln in.csv hard.csv
ln -s ../in.csv folder/soft.csv
for name in in.csv ./in.csv hard.csv folder/soft.csv folder/../in.csv; do
    refused 'the file that --input reads' \
        ./net predict --load net.safetensors --input in.csv --output $name
done
refused 'the file that --input reads' sh -c \
    './net predict --load net.safetensors --input - --output in.csv <in.csv'
refused 'the checkpoint that --load reads' \
    ./net predict --load net.safetensors --input in.csv --output net.safetensors
refused 'a file of the data' ./net predict --load net.safetensors --output x.npy
for option in save log; do
    refused 'a file of the data' ./net train --$option x.npy
    refused 'a file of the data' ./net train --$option y.npy
    refused 'the source' ./net train --$option net.rnet
    refused 'this program itself' ./net train --$option net
    refused 'it is a folder' ./net train --$option folder
done
refused 'the checkpoint that --resume reads' \
    ./net train --resume net.safetensors --log net.safetensors
refused '--save names it too' ./net train --save new.bin --log ./new.bin
refused '--log names it too' ./net train --log new.npz --layers folder/../new.npz
for file in new.bin new.npz; do
    [ ! -e $file ] || fail "$file was written"
done
refused 'it is a folder' ./turn sweep --output folder
refused 'it is no file' ./turn sweep --output /dev/null

# What may be the same: a run that goes on, standard input and output, names that are no files.
expect 0 '' ./net train --quiet --resume net.safetensors --save net.safetensors --epochs 3
expect 0 '' ./turn train --quiet --save rotation
expect 0 '' ./turn train --quiet --save rotation --resume auto --log auto
expect 0 '' ./turn predict --load rotation --input - --output - <in.csv
grep -q ',' out.txt || fail "no outputs on standard output"
expect 0 '' ./turn train --quiet --save /dev/null --log /dev/null

# The table is named, with and without its ending.
expect 0 '' ./turn sweep --output first
grep -q '^table  *first\.csv$' out.txt || fail "the table is not named: $(cat out.txt)"
expect 0 '' ./turn sweep --output second.csv
grep -q '^table  *second\.csv$' out.txt || fail "the table is not named: $(cat out.txt)"
for file in first.csv second.csv; do
    [ -e $file ] || fail "no $file"
done
finish
