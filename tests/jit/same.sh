#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# `rnetc run` against the executable of the same source: every file and every line that knows no
# time is equal to the byte: same.sh LIB RNETC SOURCE.
# shellcheck source=/dev/null
. "$1"
rnetc=$2 source=$3

awk 'BEGIN { print "a,b,c,y"
    for (i = 1; i <= 60; i++)
        printf "%g,%g,%g,%g\n", i % 7, (i * i) % 11, 2.5, (i % 7) - 0.5 * ((i * i) % 11) }' \
    >features.csv
cut -d, -f1-3 features.csv >inputs.csv

# both NAME COMMAND…: the same words to the executable and to `rnetc run`.
both() {
    name=$1
    shift
    "$program" "$@" >exe.out 2>exe.err || fail "$name: the executable failed: $(cat exe.err)"
    # shellcheck disable=SC2086 # a list of options
    "$rnetc" run $options "$file" "$@" >run.out 2>run.err ||
        fail "$name: run failed: $(cat run.err)"
    cmp exe.err run.err || fail "$name: another text of errors"
}

# Times differ from run to run; what runs here has code for one instruction set.
timeless() {
    sed -E 's/(seconds"?[=:] ?)[0-9.e-]+/\1T/; s/[0-9]+ samples\/s.*/T/
        s/("instruction_sets":).*/\1 …/' "$1"
}

same_output() {
    timeless exe.out >exe.text
    timeless run.out >run.text
    cmp exe.text run.text || fail "$1: another output: $(diff exe.text run.text | head -n 4)"
}

# network OPTIONS: trains, resumes, predicts, describes.
network() {
    options=$*
    program=./model
    # shellcheck disable=SC2086 # a list of options
    "$rnetc" $options "$file" -o model
    first='train --data . --epochs 3 --log log.jsonl'
    # shellcheck disable=SC2086 # lists of words
    ./model $first --save exe.safetensors >exe.out
    mv log.jsonl exe.jsonl
    # shellcheck disable=SC2086 # lists of words
    "$rnetc" run $options "$file" $first --save run.safetensors >run.out
    mv log.jsonl run.jsonl
    same_output train
    timeless exe.jsonl >exe.log
    timeless run.jsonl >run.log
    cmp exe.log run.log || fail "$options: another log"
    cmp exe.safetensors run.safetensors || fail "$options: another checkpoint"
    # more of either from the other's checkpoint
    cp exe.safetensors further.safetensors
    ./model train --data . --epochs 5 --quiet --save exe.safetensors --resume run.safetensors \
        >out.txt
    # shellcheck disable=SC2086 # a list of options
    "$rnetc" run $options "$file" train --data . --epochs 5 --quiet --save run.safetensors \
        --resume further.safetensors >out.txt
    cmp exe.safetensors run.safetensors || fail "$options: resumed to another checkpoint"
    both predict predict --load run.safetensors --input inputs.csv
    cmp exe.out run.out || fail "$options: other predictions"
    [ "$(wc -l <run.out)" -ge 60 ] || fail "$options: no predictions"
}

# What a program says of itself and of a checkpoint.
words() {
    for words in "eval --data . --load exe.safetensors" "info --threads 1" --help --describe; do
        # shellcheck disable=SC2086 # a list of words
        both "$words" $words
        same_output "$words"
    done
}

file=network.rnet
cp "$source" network.rnet
network
words
network -O0 -g -D flat=1
for isa in baseline avx2; do
    RNET_ISA=$isa ./model info >out.txt 2>&1 || continue # this machine cannot run it
    export RNET_ISA=$isa
    network -O0
    unset RNET_ISA
done
sed 's/^model {/& precision float64/' "$source" >network.rnet
network -O1
words
grep -q float64 exe.out || fail "not in double precision"
finish
