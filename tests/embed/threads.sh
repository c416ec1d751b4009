#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# Eight threads on four handles under a sanitizer, which watches emitted functions, core and
# interface: threads.sh LIB RNETC FOLDER SANITIZER.
# shellcheck source=/dev/null
. "$1"
# shellcheck source=/dev/null
. "$3/host.sh"
rnetc=$2 folder=$3 sanitizer=$4
symbol=__asan_
[ "$sanitizer" = address ] || symbol=__tsan_

"$rnetc" -O1 --cpu=native --sanitize="$sanitizer" -c "$folder/net.rnet" -o net.o
# Of each layer one function by its own name: it must call the sanitizer.
for function in net_forward rn_run_ region1_forward_; do
    objdump -dr net.o | awk -v name="$function" '
        /^[0-9a-f]+ <.*>:$/ { inside = index($2, "<" name) == 1 }
        inside' | grep -q "$symbol" || fail "$function is not watched"
done
host net float -fsanitize="$sanitizer" "$folder/threads.c" net.o -lm -lpthread -o threads
expect 0 '' ./threads
[ ! -s err.txt ] || fail "$(head -n 30 err.txt)"
finish
