#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# Every message has one code, every code one section: diagnostics.sh ROOT.
# The codes of diag.def and the headings `## E0101: …` of docs/diagnostics.md are the same set.
set -eu
cd "$1"
table=compiler/support/diag.def
document=docs/diagnostics.md

[ -f "$document" ] || { echo "$document: missing"; exit 1; }
codes=$(sed -n 's/^[EW]([A-Z0-9_]*, *"\([EW][0-9]*\)".*/\1/p' "$table" | sort)
sections=$(sed -n 's/^##* *`*\([EW][0-9][0-9][0-9][0-9]\).*/\1/p' "$document" | sort)

status=0
for code in $(printf '%s\n' "$codes" | uniq -d); do
    echo "$table: $code stands twice"
    status=1
done
for code in $codes; do
    printf '%s\n' "$sections" | grep -qx "$code" || {
        echo "$table: $code has no section in $document"
        status=1
    }
done
for code in $sections; do
    printf '%s\n' "$codes" | grep -qx "$code" || {
        echo "$document: a section for $code, which $table does not have"
        status=1
    }
done
exit $status
