#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# Every script has its run bit, names a shell that Debian has, and passes shellcheck where that is
# installed: scripts.sh ROOT.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
cd "$1"

status=0
for file in $("$here/files.sh" . -); do
    if [ ! -x "$file" ]; then
        echo "$file: a script without its run bit"
        status=1
    fi
    case $(head -n 1 "$file") in
    '#!/bin/sh' | '#!/bin/bash' | '#!/usr/bin/env bash') ;;
    '#!/usr/bin/env python3' | '#!/usr/bin/python3') continue ;;
    *) echo "$file: unexpected interpreter"; status=1 ;;
    esac
    if command -v shellcheck >/dev/null; then
        shellcheck "$file" || status=1
    fi
done
for file in $("$here/files.sh" . sh); do
    if [ "$(head -c 2 "$file")" != '#!' ]; then
        echo "$file: a shell script without #!"
        status=1
    fi
done
exit $status
