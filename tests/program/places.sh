#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# Where data are looked for, CIFAR-10's records, and what the environment can get wrong:
# places.sh LIB RNETC SOURCE, where SOURCE trains on cifar10.
# shellcheck source=/dev/null
. "$1"
rnetc=$2

quick() {
    "$rnetc" -O0 --cpu=baseline "$@"
}

# The same network on other data, compiled here: no folder of the source has data.
cp "$3" colours.rnet
quick colours.rnet
for kind in mnist fashion_mnist; do
    sed "s/image\[3, 32, 32\]/image[28, 28]/; s/cifar10/$kind/" colours.rnet >$kind.rnet
    quick $kind.rnet
done
mkdir empty
unset RNET_DATA

# ---- misses ----

# miss TEXT PROGRAM OPTION…: a status and a message, and no checkpoint.
miss() {
    text=$1 program=$2
    shift 2
    expect 4 "$text" "./$program" train --save none.safetensors "$@"
    [ ! -e none.safetensors ] || fail "a checkpoint of bad data"
}
miss train-images-idx3-ubyte mnist --data empty
grep -qx '  empty/mnist' err.txt || fail "it does not say that it looked in empty/mnist"
RNET_DATA=elsewhere
export RNET_DATA
miss train-images-idx3-ubyte mnist --data empty
grep -qx '  elsewhere' err.txt || fail "RNET_DATA is not looked in"
unset RNET_DATA
miss data_batch colours --data empty
if [ -e /usr/share/datasets/fashion-mnist ]; then
    # installed, so it is found; a broken file in --data comes first
    echo broken >empty/train-images-idx3-ubyte
    miss empty/train-images-idx3-ubyte fashion_mnist --data empty
    rm empty/train-images-idx3-ubyte
else
    miss dataset-fashion-mnist fashion_mnist --data empty
fi

# ---- records of CIFAR-10 ----

# record CLASS: a byte of label and 3072 of picture.
record() {
    bytes "$1"
    head -c 3072 /dev/zero | tr '\000' '\111'
}
mkdir cifar
{ record '\001'; record '\011'; } >cifar/data_batch_1.bin
record '\003' >cifar/data_batch_2.bin
record '\005' >cifar/test_batch.bin
expect 0 '' ./colours train --data cifar --save good.safetensors
RNET_DATA=cifar expect 0 '' ./colours eval --load good.safetensors
record '\012' >cifar/data_batch_2.bin # ten
miss 'label 10' colours --data cifar
miss 'sample 3' colours --data cifar
record '\003' | head -c 3000 >cifar/data_batch_2.bin
miss cifar/data_batch_2.bin colours --data cifar
miss 'byte 3000' colours --data cifar
: >cifar/data_batch_2.bin
miss cifar/data_batch_2.bin colours --data cifar
record '\003' >cifar/data_batch_2.bin
record '\005' | head -c 3072 >cifar/test_batch.bin
miss cifar/test_batch.bin colours --data cifar

# ---- the order of an array ----

cat >inputs.rnet <<'END'
model {
  input x[2]
  dense(1)
}
train {
  data      npy("x.npy", "y.npy")
  loss      mse
  optimizer sgd(lr = 0.1)
}
END
quick inputs.rnet
# npy ORDER COLUMNS: two rows of 1.0.
npy() {
    bytes '\223NUMPY\001\000\166\000'
    printf '%-117s\n' "{'descr': '<f4', 'fortran_order': $1, 'shape': (2, $2), }"
    for _ in $(seq $((2 * $2))); do bytes '\000\000\200\077'; done
}
npy False 1 >y.npy
npy False 2 >x.npy
expect 0 '' ./inputs train --data .
npy True 2 >x.npy
miss x.npy inputs --data .
miss fortran inputs --data .
for size in 0 5 9 64 127; do
    npy False 2 | head -c $size >x.npy
    miss x.npy inputs --data .
done

# ---- the environment and what this version does not do ----

for set in nonsense avx2; do
    expect 2 "RNET_ISA=$set" env RNET_ISA=$set ./colours info
done
expect 0 '' env RNET_ISA=baseline ./colours info
expect 2 sweep ./colours sweep phase
expect 2 '--threads' ./colours train --threads 0
expect 2 '--save' ./colours eval --save x --load good.safetensors
finish
