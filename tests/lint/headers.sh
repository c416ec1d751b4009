#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# Every header compiles alone, and twice: headers.sh ROOT COMPILER [FLAGS…].
set -eu
here=$(cd "$(dirname "$0")" && pwd)
root=$1
shift
cd "$root"

# Those of a matrix unit are for code that has one.
flags_of() {
    case $1 in
    */kernels/thirds.h | */kernels/squares.h | */kernels/unit.h)
        echo --target=x86_64-linux-gnu -march=x86-64-v4 -mamx-tile -mamx-bf16 -DRNK_MATRIX_UNIT=1 ;;
    esac
}

status=0
for header in $("$here/files.sh" . h); do
    # shellcheck disable=SC2046 # several words
    if ! printf '#include "%s"\n#include "%s"\n' "$PWD/$header" "$PWD/$header" |
        "$@" -std=gnu17 -Wall -Wextra -Werror -Wno-psabi -Wno-unused-function -fsyntax-only \
            -Icompiler -Iruntime -Itests -I"$(dirname "$header")" $(flags_of "$header") -x c -; then
        echo "$header: does not compile alone"
        status=1
    fi
done
exit $status
