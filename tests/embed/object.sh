#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# What an example's object shows and wants, and how large it is: object.sh LIB RNETC SOURCE BYTES
# PREDICT_BYTES, the most of the whole object as a file, and of code and data of one that only
# predicts.
# shellcheck source=/dev/null
. "$1"
rnetc=$2 source=$3 most=$4 predict=$5
name=$(basename "$source" .rnet)
if ! "$rnetc" --check "$source" 2>check.txt; then
    grep -q E0501 check.txt && exit 77
fi

# Functions of C's own libraries; none of a compiler's, of memory or of streams.
libc='bcmp|getenv|mem(chr|cmp|cpy|move|set)|str(chr|cmp|len|ncmp)'
libm='acos|asin|atan|ceil|cosh?|erfc?|expm?1?|f(abs|floor|max|min|mod)|floor|hypot|log(1p)?|pow'
libm="$libm|round|r?int|sincos|sinh?|sqrt|tanh?|trunc"

# WHAT BYTES MOST
limit() {
    [ "$2" -le "$3" ] || fail "$1 has $2 bytes, wanted $3 at most"
}

look() {
    nm -u "$1" | sed 's/.* U //' | grep -vxE "$libc|($libm)f?" >wanted.txt || true
    [ ! -s wanted.txt ] || fail "$1 wants $(tr '\n' ' ' <wanted.txt)"
    nm --defined-only --extern-only "$1" | sed 's/.* //' >shown.txt
    grep -vE "^${name}_" shown.txt >strange.txt && fail "$1 shows $(tr '\n' ' ' <strange.txt)"
    grep -qx "${name}_forward" shown.txt || fail "$1 cannot predict"
    # functions in the header and in the object are the same
    grep -o "[ *]${name}_[a-z_]*(" "$name.h" | tr -d ' *(' | sort -u >declared.txt
    sort -u shown.txt | cmp -s - declared.txt || fail "$1 and its header differ"
}

"$rnetc" -c "$source" -o "$name.o"
look "$name.o"
limit "$name.o" "$(wc -c <"$name.o")" "$most"
"$rnetc" --predict-only -c "$source" -o "$name.o"
look "$name.o"
limit "code and data of $name.o" "$(size "$name.o" | awk 'NR == 2 { print $1 + $2 }')" "$predict"
! grep -qxE "${name}_(init|step|loss|gradient|fit)" shown.txt || fail 'a predicting object trains'
finish
