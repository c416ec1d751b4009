#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# Wrong arguments give statuses, and workspaces hold what they promise, under the sanitizer of
# addresses as well: arguments.sh LIB RNETC FOLDER.
# shellcheck source=/dev/null
. "$1"
# shellcheck source=/dev/null
. "$3/host.sh"
rnetc=$2 folder=$3

"$rnetc" -c "$folder/net.rnet" -o net.o
host net float "$folder/arguments.c" net.o -lm -o plain
for set in $(sets); do
    expect 0 '' env RNET_ISA="$set" ./plain
done
expect 0 '' env RNET_ISA=none_such ./plain
"$rnetc" -O1 --cpu=native --sanitize=address -c "$folder/net.rnet" -o net.o
nm net.o | grep -q 'U __asan_' || fail 'the object is not watched'
host net float -fsanitize=address,undefined "$folder/arguments.c" net.o -lm -o watched
expect 0 '' ./watched
[ ! -s err.txt ] || fail "$(head -n 20 err.txt)"
finish
