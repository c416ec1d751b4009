#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# The document's grammar against the Bison file: compare.sh LANGUAGE.md RNET.y. The EBNF above each
# Bison rule must be the document's text, and each rule must use the symbols that the EBNF names.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
document=$1
grammar=$2
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# One rule a line, single blanks.
one_a_line() {
    tr '\n' ' ' | sed 's/  */ /g; s/ ; */ ;\n/g' | sed 's/^ //'
}
sed -n '/^## Grammar/,$s/^    //p' "$document" | one_a_line >"$work/document"
sed -n '/^%%/,/^%%/p' "$grammar" |
    awk '/^\/\* [a-z]+ = / { on = 1 } on { print } / ; \*\// { on = 0 }' |
    sed 's/^ \* //; s/^\/\* //; s/ \*\/$//' | one_a_line >"$work/comments"
[ -s "$work/document" ] || { echo "$document: no grammar"; exit 1; }
diff "$work/document" "$work/comments" || {
    echo "$grammar: the EBNF above the rules is not that of $document"
    exit 1
}

for side in document bison; do
    awk -v side=$side -f "$here/symbols.awk" "$document" "$grammar" |
        awk '$1 != $2' | sort -u >"$work/$side.symbols"
done
diff "$work/document.symbols" "$work/bison.symbols" || {
    echo "$grammar: the rules do not use the symbols of $document"
    exit 1
}
