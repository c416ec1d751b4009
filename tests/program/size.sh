#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# How much code an example becomes, in all instruction sets: size.sh LIB RNETC SOURCE.
# Less than 200 kB, and the same bytes at the least and the greatest depth that it allows.
# Status 77: a network of a later version.
# shellcheck source=/dev/null
. "$1"
rnetc=$2 source=$3

if ! "$rnetc" --check "$source" 2>check.txt; then
    grep -q 'E0501' check.txt && exit 77
    fail "it does not compile: $(cat check.txt)"
    finish
fi

# code NAME OPTION…: the object's code, as NAME.text.
code() {
    name=$1
    shift
    "$rnetc" -save-temps "$@" "$source" -o "$name" 2>"$name".txt ||
        fail "it does not compile with $*: $(cat "$name".txt)"
    objcopy -O binary --only-section=.text "$name".o "$name".text
}

range=$(sed -n 's/^param  *\([Ln]\) .* in  *\([0-9]*\)\.\.\([0-9]*\).*/\1 \2 \3/p' "$source")
if [ -n "$range" ]; then
    param=${range%% *} bounds=${range#* }
    least=${bounds% *}
    # the optimal scale of a pair begins at two layers
    "$rnetc" --check -D "$param=$least" "$source" 2>/dev/null || least=$((least + 1))
    code least -D "$param=$least"
    code most -D "$param=${bounds#* }"
    cmp least.text most.text || fail "the code depends on $param"
else
    code most
fi
size=$(wc -c <most.text)
echo "$size bytes of code${range:+, whatever $range}"
for set in baseline avx2 avx512; do
    objdump -t most.o | grep -q "_$set\$" || fail "no code for $set"
done
[ "$size" -lt 200000 ] || fail "$size bytes of code"
finish
