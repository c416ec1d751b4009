#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# Every header compiles alone, and twice: headers.sh ROOT COMPILER [FLAGS…].
set -eu
here=$(cd "$(dirname "$0")" && pwd)
root=$1
shift
cd "$root"

status=0
for header in $("$here/files.sh" . h); do
    if ! printf '#include "%s"\n#include "%s"\n' "$PWD/$header" "$PWD/$header" |
        "$@" -std=gnu17 -Wall -Wextra -Werror -Wno-psabi -Wno-unused-function -fsyntax-only \
            -Icompiler -Iruntime -Itests -I"$(dirname "$header")" -x c -; then
        echo "$header: does not compile alone"
        status=1
    fi
done
exit $status
