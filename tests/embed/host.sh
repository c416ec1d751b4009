#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# What the scripts of this folder share beside tests/program/lib.sh: compiling hosts.

# host NAME REAL SOURCE…: a host of the network NAME, whose numbers are of type REAL.
host() {
    name=$1 real=$2
    shift 2
    capitals=$(echo "$name" | tr '[:lower:]' '[:upper:]')
    "${CC:-cc}" -std=c11 -Wall -Wextra -Werror -O1 -g -I. -DHEADER="\"$name.h\"" \
        -DMODEL="$name" -DCAPITALS="$capitals" -DREAL="$real" "$@"
}

# The instruction sets of an object that this machine runs.
sets() {
    for set in avx512 avx2 baseline; do
        case $set in
        avx512) grep -qw avx512vl /proc/cpuinfo || continue ;;
        avx2) grep -qw avx2 /proc/cpuinfo || continue ;;
        esac
        echo "$set"
    done
}
