#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# A kill at any moment leaves the old checkpoint or the new one, whole: kill.sh LIB PROGRAM.
# shellcheck source=/dev/null
. "$1"
program=$2

# Some megabytes, so that writing takes a while.
depth=2000
"$program" train --quiet --set L=$depth --iterations 0 --save kept.safetensors >/dev/null
for hundredths in 02 05 08 11 14 17 20 24 28 32; do
    "$program" train --quiet --set L=$depth --iterations 1 --save kept.safetensors >/dev/null &
    child=$!
    sleep 0.$hundredths
    kill -KILL $child 2>/dev/null || true
    wait $child || true
    "$program" eval --quiet --load kept.safetensors >/dev/null ||
        fail "after a kill at 0.$hundredths s the checkpoint is not whole"
done
finish
