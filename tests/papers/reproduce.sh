#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# Runs a script of examples/reproduce at a small size: every program of it compiles and runs, and
# the files it is there for are written: reproduce.sh BUILD SCRIPT "FILE …" OPTION ….
set -eu
build=$1 script=$2 files=$3
shift 3

case $(basename "$script") in
accuracy | complexity | deep | trained_weights)
    if [ ! -e /usr/share/datasets/fashion-mnist ]; then
        echo "skipped: dataset-fashion-mnist is not installed"
        exit 77
    fi ;;
esac

results=$PWD/$(basename "$script")
rm -rf "$results"
RNET_BUILD=$build RNET_RESULTS=$PWD "$script" -O0 --cpu=native "$@"
status=0
for file in $files; do
    if [ ! -s "$results/$file" ]; then
        echo "FAILED: no $file"
        status=1
    fi
done
# What could not be measured shows in a table; a script that lost a number leaves a hole in it.
for table in "$results"/*.csv; do
    [ -e "$table" ] || continue
    if grep -q ',,' "$table" && [ "$(basename "$table")" != deep.csv ]; then
        echo "FAILED: a hole in $table"
        status=1
    fi
done
exit $status
