#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# How long things may be: budgets.sh ROOT [EXEMPTIONS].
#
#   function 70 lines, file 600, header 200, line 100 characters
#
# In a function, `case` labels and the one line that answers them are not counted, so that an
# exhaustive switch may be as long as its enum. EXEMPTIONS: lines `path lines reason`.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
exemptions=${2:-/dev/null}
root=$1
case $exemptions in /*) ;; *) exemptions=$PWD/$exemptions ;; esac
cd "$root"

status=0
sources=$("$here/files.sh" . c h l y def | grep -E '^(compiler|grammar|runtime|tests)/' || true)
for file in $sources; do
    limit=600
    case $file in *.h) limit=200 ;; esac
    allowed=$(awk -v file="$file" '$1 == file { print $2 }' "$exemptions")
    limit=${allowed:-$limit}
    lines=$(wc -l <"$file")
    if [ "$lines" -gt "$limit" ]; then
        echo "$file: $lines lines, at most $limit"
        status=1
    fi
    awk -v file="$file" '
    FNR == 1 { open = 0 }
    /^\{/ { open = FNR; counted = 0; name = previous }
    open {
        if ($0 ~ /^ *(case [^:]*|default):/) label = 1
        else if (label && $0 ~ /^ *(return.*|break|[^{}]*);$/) { label = $0 !~ /return|break;/ }
        else { counted++; label = 0 }
    }
    /^\}/ {
        if (open && counted > 70) {
            print file ":" open ": function of " counted " lines, at most 70: " name
            bad = 1
        }
        open = 0
    }
    { previous = $0 }
    END { exit bad }' "$file" || status=1
done

# Characters, not bytes.
for file in $sources $("$here/files.sh" . - ); do
    if LC_ALL=C.UTF-8 grep -nE '^.{101,}' "$file" /dev/null; then
        echo "$file: lines of more than 100 characters"
        status=1
    fi
done

# An exemption that nobody needs is one too many.
while read -r file limit reason; do
    case $file in '#'* | '') continue ;; esac
    if [ -z "$reason" ] || [ ! -f "$file" ] || [ "$(wc -l <"$file")" -gt "$limit" ]; then
        echo "$exemptions: $file: needs a file, a limit that holds and a reason"
        status=1
    elif [ "$(wc -l <"$file")" -le 200 ]; then
        echo "$exemptions: $file: no longer needed"
        status=1
    fi
done <"$exemptions"
exit $status
