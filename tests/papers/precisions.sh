#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# What two programs of one network, in single and in double precision, say of each draw:
# precisions.sh SINGLE DOUBLE BOUND.
set -eu
values() {
    "$1" probe --json | grep '"values"' | tr -d '[]' | sed 's/.*: *//' | tr ',' '\n' | tr -d ' \t'
}
values "$1" >single.txt
values "$2" >double.txt
paste single.txt double.txt | awk -v bound="$3" '
    { d = $1 - $2; if (!(d <= bound && -d <= bound) || $1 !~ /^-?[0-9]/) bad = 1
      print $1, $2, d }
    END { exit bad || NR != 9 }'
