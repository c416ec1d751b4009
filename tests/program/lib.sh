#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# What the scripts of this folder share. Each runs in an empty folder of its own.
set -eu

failures=0

fail() {
    echo "FAILED: $*" >&2
    failures=$((failures + 1))
}

finish() {
    [ "$failures" -eq 0 ]
    exit
}

# Text with escapes, also of bytes: \ooo.
bytes() {
    # shellcheck disable=SC2059 # the text is the format
    printf "$1"
}

# expect STATUS TEXT COMMAND…: the exit status, and a text that the messages hold.
expect() {
    wanted=$1 text=$2
    shift 2
    status=0
    "$@" >out.txt 2>err.txt || status=$?
    [ "$status" -eq "$wanted" ] || fail "status $status, wanted $wanted: $* ($(head -n 3 err.txt))"
    [ -z "$text" ] || grep -qF -e "$text" err.txt ||
        fail "no '$text' from: $* ($(head -n 3 err.txt))"
}

# The data of a checkpoint, behind its header: eight bytes of length, then as many.
tensors() {
    length=$(od -An -tu8 -N8 "$1")
    tail -c +$((length + 9)) "$1"
}

same_tensors() {
    tensors "$1" >one.bytes
    tensors "$2" >two.bytes
    cmp one.bytes two.bytes || fail "$1 and $2 differ"
}

# Waits until a file has that many lines; the process must live until then.
wait_for_lines() {
    while [ "$(wc -l 2>/dev/null <"$1" || echo 0)" -lt "$2" ]; do
        kill -0 "$3" 2>/dev/null || { fail "it ended before line $2 of $1"; return; }
        sleep 0.01
    done
}
