#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# The same bits from an object as from the executable, on each instruction set of this machine:
# same.sh LIB RNETC FOLDER NAME REAL RUNTIME LIBRARY FLAGS….
# shellcheck source=/dev/null
. "$1"
# shellcheck source=/dev/null
. "$3/host.sh"
rnetc=$2 folder=$3 name=$4 real=$5 runtime=$6 library=$7
shift 7
fits=
grep -q standardize "$folder/$name.rnet" && fits=-DFITS

"$rnetc" -save-temps "$folder/$name.rnet" -o exe
"$rnetc" -c "$folder/$name.rnet" -o "$name.o"
# shellcheck disable=SC2086 # none or one word
host "$name" "$real" $fits -I"$runtime" "$folder/same.c" exe.o "$name.o" \
    "$library" -lz -lcjson -lpthread -lm "$@" -o same
for set in $(sets); do
    expect 0 '' env RNET_ISA="$set" ./same
    grep -qx "$set" out.txt || fail "$set: it ran on $(cat out.txt)"
done
finish
