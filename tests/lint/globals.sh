#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# No writable global in the compiler: globals.sh OBJECT-OR-ARCHIVE…
# Sections tell, not the letters of nm: a constant table of pointers is relocated, hence in
# .data.rel.ro, which nm shows as data.
set -eu

status=0
for file; do
    symbols=$(objdump -t "$file")
    found=$(printf '%s\n' "$symbols" | awk '
        # value flags section <tab> size name; the flag O: an object, d: the section itself
        /^[0-9a-f]+ ......O / || /^[0-9a-f]+ ......[^d] \.t(bss|data)/ {
            section = $0
            sub(/\t.*/, "", section)
            sub(/.* /, "", section)
            if (section ~ /^\.(data|bss|tdata|tbss)|^\*COM\*/ && section !~ /^\.data\.rel\.ro/)
                print "    " $NF " in " section
        }')
    if [ -n "$found" ]; then
        echo "$file: writable globals:"
        echo "$found"
        status=1
    fi
done
exit $status
