#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# Proves that each lint can fail: selftest.sh LINT COMPILER. It builds a small clean tree, which the
# lint must pass, then breaks it in one way after another, and the lint must name the broken file.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
lint=$1
compiler=$2
tree=$(mktemp -d)
findings=$(mktemp)
trap 'rm -rf "$tree" "$findings"' EXIT
spdx='/* SPDX-License-Identifier: Apache-2.0 */'

clean_tree() {
    rm -rf "${tree:?}"/*
    for folder in compiler/driver compiler/emit compiler/ir compiler/support compiler/theory \
        compiler/package runtime/core tests/reference docs; do
        mkdir -p "$tree/$folder"
    done
    printf '%s\n#include <llvm-c/Core.h>\n' "$spdx" >"$tree/compiler/emit/llvm.h"
    printf '%s\n#include "ir/a.h"\n#include "emit/llvm.h"\n#include "core/p.h"\n' "$spdx" \
        >"$tree/compiler/emit/a.c"
    printf '%s\n#include "support/s.h"\n' "$spdx" >"$tree/compiler/ir/a.c"
    printf '%s\n#ifndef S_H\n#define S_H\ntypedef struct S { int x; } S;\n#endif\n' "$spdx" \
        >"$tree/compiler/support/s.h"
    printf '%s\n#include <stdio.h>\n' "$spdx" >"$tree/tests/reference/r.c"
    printf '%s\nint two(void)\n{\n    return 2;\n}\n' "$spdx" >"$tree/runtime/core/p.c"
    printf '#!/bin/sh\n# SPDX-License-Identifier: Apache-2.0\necho yes\n' >"$tree/tests/go"
    chmod +x "$tree/tests/go"
    echo '# path lines reason' >"$tree/exemptions"
    echo 'E(E_READ, "E0001", "unreadable-file")' >"$tree/compiler/support/diag.def"
    sed -i "1i $spdx" "$tree/compiler/support/diag.def"
    echo '## E0001: a file cannot be read' >"$tree/docs/diagnostics.md"
}

run_lint() {
    case $lint in
    headers)
        rm "$tree/compiler/emit/llvm.h"
        "$here/headers.sh" "$tree" "$compiler" ;;
    budgets) "$here/budgets.sh" "$tree" "$tree/exemptions" ;;
    globals) "$compiler" -c -x c "$tree/runtime/core/p.c" -o "$tree/p.o"
        "$here/globals.sh" "$tree/p.o" ;;
    *) "$here/$lint.sh" "$tree" ;;
    esac >"$tree/output" 2>&1
}

# Breaks a clean tree by writing standard input to the end of a file; the lint must name the file.
breaks_with() {
    clean_tree
    cat >>"$tree/$1"
    if run_lint; then
        echo "$lint accepts a bad $1 ($2)" >>"$findings"
    elif ! grep -q "$(basename "$1" .c)" "$tree/output"; then
        { echo "$lint does not name $1 ($2):"; cat "$tree/output"; } >>"$findings"
    fi
}

lines() {
    awk -v n="$1" -v text="$2" 'BEGIN { while (n-- > 0) print text }'
}

clean_tree
if ! run_lint; then
    { echo "$lint refuses a clean tree:"; cat "$tree/output"; } >>"$findings"
fi
case $lint in
layers)
    echo '#include "emit/a.h"' | breaks_with compiler/ir/a.c "to the left"
    echo '#include "sema/a.h"' | breaks_with compiler/emit/a.c "two to the right"
    echo '#include "ir/a.h"' | breaks_with compiler/support/s.h "from the bottom"
    echo '#include <llvm-c/Core.h>' | breaks_with compiler/emit/a.c "LLVM beside llvm.h"
    echo '#include "emit/llvm.h"' | breaks_with compiler/driver/a.c "LLVM in the driver"
    echo '#include "core/program.h"' | breaks_with compiler/ir/a.c "runtime from ir"
    echo '#include "lib/x.h"' | breaks_with compiler/emit/a.c "runtime library from emit"
    echo '#include "lib/cli.h"' | breaks_with compiler/driver/a.c "runtime library from the driver"
    echo '#include "support/s.h"' | breaks_with runtime/core/p.c "compiler from the runtime"
    echo '#include "core/program.h"' | breaks_with tests/reference/r.c "reference of ours"
    echo '#include "support/s.h"' | breaks_with compiler/theory/t.c "theory of ours"
    echo '#include "theory/t.h"' | breaks_with compiler/ir/a.c "theory from ir"
    echo '#include "ir/a.h"' | breaks_with compiler/package/p.c "ir from package"
    echo '#include "../ir/a.h"' | breaks_with compiler/emit/a.c "a relative path" ;;
headers)
    echo 'extern Missing missing;' | breaks_with compiler/support/s.h "an unknown type"
    echo 'struct Twice { int x; };' | breaks_with compiler/support/s.h "no guard" ;;
budgets)
    lines 600 '/* */' | breaks_with compiler/ir/a.c "a long file"
    lines 200 '/* */' | breaks_with compiler/support/s.h "a long header"
    { echo 'void f(void)'; echo '{'; lines 71 '    g();'; echo '}'; } |
        breaks_with compiler/ir/a.c "a long function"
    { printf '/*'; lines 50 ' x' | tr -d '\n'; echo ' */'; } |
        breaks_with compiler/ir/a.c "a long line"
    echo 'compiler/ir/a.c 900 it is not long at all' | breaks_with exemptions "an idle exemption" ;;
globals)
    echo 'int counter;' | breaks_with runtime/core/p.c "zero at the start"
    echo 'static int limit = 3; int *place(void) { return &limit; }' |
        breaks_with runtime/core/p.c "a value at the start"
    echo '_Thread_local int mine;' | breaks_with runtime/core/p.c "one a thread" ;;
text)
    echo "/* TO""DO: later */" | breaks_with compiler/ir/a.c "unfinished"
    echo "#if ""0" | breaks_with compiler/ir/a.c "switched off"
    echo "see /ho""me/me/notes" | breaks_with docs/a.md "a path of a machine"
    echo 'int x;' | breaks_with compiler/ir/new.c "no SPDX line" ;;
scripts)
    echo 'echo no' | breaks_with tests/bare.sh "no interpreter"
    printf '#!/bin/sh\necho\n' | breaks_with tests/quiet "no run bit"
    if command -v shellcheck >/dev/null; then
        # shellcheck disable=SC2016 # the missing quotes are the point
        echo 'cat $1' | breaks_with tests/go "a word that splits"
    fi ;;
diagnostics)
    echo 'E(E_X, "E0002", "x")' | breaks_with compiler/support/diag.def "no section"
    echo 'E(E_X, "E0001", "x")' | breaks_with compiler/support/diag.def "a code twice"
    echo '## E0003: gone' | breaks_with docs/diagnostics.md "a section without a code" ;;
*) echo "selftest: no lint '$lint'" >>"$findings" ;;
esac
cat "$findings"
[ ! -s "$findings" ]
