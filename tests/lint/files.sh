#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# Lists our own files with the given endings, paths from the root: files.sh ROOT c h def …
# An ending of `-` means files that begin with `#!`, `*` means every text file.
set -eu
cd "$1"
shift

# Build folders, what git keeps, and bytes made to be wrong are not ours to judge.
all_files() {
    find . \( -name .git -o -path './build*' -o -path './tests/fuzz/*corpus*' \) -prune \
        -o -type f -print | sed 's|^\./||' | sort
}

for ending; do
    case $ending in
    -)
        all_files | while IFS= read -r file; do
            if [ "$(head -c 2 "$file" | tr -d '\0')" = '#!' ]; then echo "$file"; fi
        done ;;
    '*')
        all_files | while IFS= read -r file; do
            if grep -qI '' "$file"; then echo "$file"; fi
        done ;;
    *) all_files | grep -E "(^|/)[^/]*\\.$ending\$" || true ;;
    esac
done
