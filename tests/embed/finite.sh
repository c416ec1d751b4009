#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# Nothing is learned from numbers that are not finite: finite.sh LIB RNETC FOLDER.
# shellcheck source=/dev/null
. "$1"
# shellcheck source=/dev/null
. "$3/host.sh"
rnetc=$2 folder=$3

# try NAME REAL DEFINES…
try() {
    model=$1 real=$2
    shift 2
    "$rnetc" -O1 -c "$folder/$model.rnet" -o "$model.o"
    host "$model" "$real" "$@" -fsanitize=undefined "$folder/finite.c" "$model.o" -lm -o "$model"
    for set in $(sets); do
        expect 0 '' env RNET_ISA="$set" "./$model"
        [ ! -s err.txt ] || fail "$model, $set: $(head -n 5 err.txt)"
    done
}

try net float -DLABELS -DFITS
try scale float -DFITS -DSCALED
try curve double
finish
