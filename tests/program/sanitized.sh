#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# Emitted code under the sanitizers trains without a complaint, to the same bits, and is indeed
# watched: sanitized.sh LIB RNETC SOURCE "NAME…".
# shellcheck source=/dev/null
. "$1"
rnetc=$2 source=$3 names=$4

"$rnetc" -O1 --cpu=native "$source" -o plain
./plain train --quiet --save plain.safetensors >/dev/null
for name in $names; do
    "$rnetc" -O1 --cpu=native -save-temps --sanitize="$name" "$source" -o "$name"
    case $name in
    address) symbol=__asan_ ;;
    thread) symbol=__tsan_ ;;
    esac
    nm "$name.o" | grep -q "U $symbol" || fail "--sanitize=$name does not watch the code"
    expect 0 '' "./$name" train --quiet --threads 2 --save "$name.safetensors"
    [ ! -s err.txt ] || fail "--sanitize=$name complains: $(head -n 20 err.txt)"
    cmp plain.safetensors "$name.safetensors" || fail "--sanitize=$name computes something else"
    expect 0 '' "./$name" eval --load "$name.safetensors" --threads 2
done
finish
