#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# A compilation that succeeds says nothing, whatever the machine and however much is optimised:
# quiet.sh LIB RNETC SOURCE.
# shellcheck source=/dev/null
. "$1"
rnetc=$2 source=$3

for target in x86_64-linux-gnu aarch64-linux-gnu riscv64-linux-gnu; do
    for level in 2 3; do
        expect 0 '' "$rnetc" -O$level -c --target "$target" "$source" -o quiet.o
        [ ! -s err.txt ] || fail "$target, -O$level: $(head -n 3 err.txt)"
        [ ! -s out.txt ] || fail "$target, -O$level: $(head -n 3 out.txt)"
    done
done
finish
