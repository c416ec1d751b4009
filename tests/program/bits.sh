#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# The same bits: for any number of threads, any instruction set of the machine with fused
# multiply-add, and through stops and kills: bits.sh LIB PROGRAM.
# shellcheck source=/dev/null
. "$1"
program=$2

train() {
    name=$1
    shift
    "$program" train --quiet --save "$name.safetensors" "$@" >"$name.txt"
}

train one --threads 1
train again --threads 1
cmp one.safetensors again.safetensors || fail "two runs differ"
train two --threads 2
cmp one.safetensors two.safetensors || fail "two threads differ from one"
train three --threads 3
cmp one.safetensors three.safetensors || fail "three threads differ from one"
train other --threads 1 --seed 2
! cmp -s one.safetensors other.safetensors || fail "the seed does not matter"

sets=0
for isa in avx2 avx512; do
    grep -qw "$(echo $isa | sed s/avx512/avx512f/)" /proc/cpuinfo || continue
    RNET_ISA=$isa train $isa
    same_tensors one.safetensors $isa.safetensors
    sets=$((sets + 1))
done
echo "$sets instruction sets"

# Stops at a step, by signal after signal, and goes on: stopped NAME STEP….
stopped() {
    name=$1
    shift
    for step in "$@"; do
        rm -f log.jsonl
        "$program" train --quiet --threads 2 --save "$name.safetensors" --resume auto \
            --log log.jsonl --log-every 1 &
        child=$!
        wait_for_lines log.jsonl "$step" $child
        status=0
        kill -TERM $child
        wait $child || status=$?
        [ $status -eq 75 ] || fail "status $status after a signal at step $step, wanted 75"
    done
}

# SIGKILL after a checkpoint that a signal wrote: what follows it is lost and done again.
killed() {
    cp "$1.safetensors" before.safetensors
    rm -f log.jsonl
    "$program" train --quiet --save "$1.safetensors" --resume auto --log log.jsonl --log-every 1 &
    child=$!
    wait_for_lines log.jsonl "$2" $child
    kill -KILL $child
    wait $child || true
    cmp before.safetensors "$1.safetensors" || fail "a kill changed the checkpoint"
}

stopped early 1
train early --resume auto
cmp one.safetensors early.safetensors || fail "a stop at the first step changes the bits"

stopped often 3 14 9 # the second stop lies in the first epoch, the third in the next
train often --resume auto --threads 1
cmp one.safetensors often.safetensors || fail "three stops change the bits"

stopped lost 5
killed lost 6
killed lost 17
train lost --resume lost.safetensors
cmp one.safetensors lost.safetensors || fail "a kill changes the bits"

# Going on from the end takes no step; and the figures of the last line are the same.
train one --resume auto
cmp one.safetensors again.safetensors || fail "resuming a finished run changes it"
sed 's/ seconds=.*//' two.txt >two.figures
sed 's/ seconds=.*//' often.txt >often.figures
cmp two.figures often.figures || fail "the last lines differ"
finish
