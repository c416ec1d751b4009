#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# Depth is a number of the run: depth.sh LIB PROGRAM RNETC SOURCE.
# shellcheck source=/dev/null
. "$1"
program=$2 rnetc=$3 source=$4

steps() {
    "$program" train --set L="$1" --iterations 2 --save deep.safetensors --quiet --json >out.txt
    grep -q '"steps": 2\b' out.txt || fail "no two steps at depth $1: $(cat out.txt)"
    head -c 4096 deep.safetensors |
        grep -qF "\"residual.W.weight\":{\"dtype\":\"F32\",\"shape\":[$1," ||
        fail "no weights of $1 layers"
}
steps 10
steps 10000

# Seconds of processor time that children have taken so far, to a file.
children() {
    times >times.txt
    awk 'NR == 2 { split($1, t, /[ms]/); print t[1] * 60 + t[2] }' times.txt >"$1"
}

compile() {
    "$rnetc" --cpu=baseline -save-temps -D L="$1" "$source" -o network"$1"
}

middle() {
    sort -n "$1" | sed -n 2p
}

rm -f 10.seconds 100000.seconds
for round in 1 2 3; do
    for depth in 10 100000; do
        children before.txt
        compile $depth
        children after.txt
        paste before.txt after.txt | awk '{ print $2 - $1 }' >>$depth.seconds
    done
done
echo "$round rounds; $(middle 10.seconds) s at depth 10, $(middle 100000.seconds) s at 100000"
# Anything that grew with depth would grow ten thousand times; 1.5 is for the machine's mood.
echo "$(middle 10.seconds) $(middle 100000.seconds)" |
    awk '{ exit !($1 > 0 && $2 < 1.5 * $1 && $1 < 1.5 * $2) }' ||
    fail "compile time depends on depth"

[ "$(wc -c <network10.o)" -eq "$(wc -c <network100000.o)" ] || fail "the objects differ in size"
for depth in 10 100000; do
    objcopy -O binary --only-section=.text network$depth.o $depth.text
done
[ -s 10.text ] || fail "no code in the object"
cmp 10.text 100000.text || fail "the code depends on depth"
[ "$(wc -c <network10)" -eq "$(wc -c <network100000)" ] || fail "the programs differ in size"
finish
