#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# Weights have the same bits whether a block's layers are updated while the next block goes down its
# tiles or, where clipping waits for all gradients, at the end; for any number of threads, in blocks
# of many layers and of two; and, with more threads than processors, where cores look far from each
# other, so that values are made in drafts: blocks.sh LIB RNETC SOURCE.
# shellcheck source=/dev/null
. "$1"
rnetc=$2 source=$3

train() {
    "./$1" train --quiet --threads "$2" --save "$1.$2.safetensors" >"$1.$2.txt"
}

compare() {
    sed "s/optimizer .*/optimizer $2/" "$1" >at_once.rnet
    sed "s/^  epochs .*/&; clip 1e30/" at_once.rnet >at_end.rnet
    ! cmp -s at_once.rnet at_end.rnet || fail "no clipping in the copy"
    for name in at_once at_end; do
        "$rnetc" -O1 $name.rnet -o $name
    done
    train at_end 1
    for threads in 1 2 3 5; do
        train at_once $threads
        same_tensors at_end.1.safetensors at_once.$threads.safetensors
    done
}

compare "$source" "adam(lr = 1e-3)"
compare "$source" "sgd(lr = 0.05)"
compare "$source" "sgd(lr = 0.05, momentum = 0.9)"
sed "s/^const d .*/const d = 33/; s/train = 200/train = 1100/; s/batch .*/batch 1100/" \
    "$source" >large.rnet
! cmp -s large.rnet "$source" || fail "no larger batch in the copy"
compare large.rnet "adam(lr = 1e-3)"
finish
