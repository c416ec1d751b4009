#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# The program finds the optimal scale by itself: optimal.sh RNETC MODEL FOLDER.
#
# A program that starts at another depth than it was compiled for must measure what a program with
# the number written into its file measures; the number is what --analyze prints for that depth, to
# six digits. Of several blocks the last one has the scale.
set -eu
rnetc=$1
model=$2
folder=$3/$(basename "$model" .rnet)
mkdir -p "$folder"

ratio() {
    awk '$1 ~ /^forward_ratio/ { print $2 }'
}

"$rnetc" "$model" --cpu baseline -O1 -o "$folder/found"
for depth in 7 20; do
    scale=$("$rnetc" -D L=$depth --analyze "$model" |
        awk '/alpha first/ { last = $3 } END { print last }')
    sed "s/optimal(.*)/$scale/" "$model" >"$folder/written.rnet"
    "$rnetc" -D L=$depth "$folder/written.rnet" --cpu baseline -O1 -Wno-regime -o "$folder/written"
    found=$("$folder/found" probe --quiet --set L=$depth | ratio)
    written=$("$folder/written" probe --quiet | ratio)
    # six digits of the scale, and of what is printed
    echo "$depth $scale $found $written" | awk '{
        gap = $3 / $4 - 1
        print "depth " $1 ", scale " $2 ": " $3 " against " $4
        exit !(gap < 1e-4 && gap > -1e-4 && $3 > 1.5)
    }'
done
