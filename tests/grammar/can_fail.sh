#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# compare.sh must refuse copies that differ: can_fail.sh LANGUAGE.md RNET.y
set -eu
here=$(cd "$(dirname "$0")" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
status=0

# Changes one file by a sed command, which must change it, and expects a refusal.
refuses() {
    cp "$1" "$work/language.md"
    cp "$2" "$work/rnet.y"
    sed -i "$4" "$work/$3"
    if cmp -s "$work/language.md" "$1" && cmp -s "$work/rnet.y" "$2"; then
        echo "$4 changes nothing in $3"
        status=1
    elif "$here/compare.sh" "$work/language.md" "$work/rnet.y" >/dev/null; then
        echo "$4 in $3 goes unnoticed"
        status=1
    fi
}

refuses "$1" "$2" language.md 's/"-" unary | power/"+" unary | power/'
refuses "$1" "$2" language.md '/    argument = /d'
refuses "$1" "$2" rnet.y 's/| term SLASH unary /| term CARET unary /'
refuses "$1" "$2" rnet.y 's/| MINUS exponent /| PLUS exponent /'
refuses "$1" "$2" rnet.y 's/^    | KEYWORD values END/    | KEYWORD NAME values END COMMA/'
exit $status
