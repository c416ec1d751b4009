#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# What no file may hold, and what each source must: text.sh ROOT.
#
#   no marks of unfinished work, no code switched off, no path of somebody's machine
#   an SPDX line near the top of every source and script
set -eu
here=$(cd "$(dirname "$0")" && pwd)
cd "$1"

status=0
# The brackets keep this file from finding itself.
marks='TO[D]O|FI[X]ME|[^.X]XX[X][^X]|HA[C]K'
off='^[[:space:]]*#[[:space:]]*if[[:space:]]+[0]([[:space:]]|$)'
paths='(^|[^[:alnum:]_.$}/-])/(home|root|work|farm|mnt|Users)[/]|\.\./shar[e]d'
for file in $("$here/files.sh" . '*'); do
    [ "$file" != LICENSE ] || continue
    if grep -nE "$marks|$off|$paths" "$file" /dev/null; then
        echo "$file: forbidden text"
        status=1
    fi
done

for file in $("$here/files.sh" . c h def l y cmake -) \
    $("$here/files.sh" . txt | grep 'CMakeLists\.txt$'); do
    if ! head -n 5 "$file" | grep -q 'SPDX-License-Identifier: Apache-2\.0'; then
        echo "$file: no SPDX line"
        status=1
    fi
done
exit $status
