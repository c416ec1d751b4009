#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# What cannot be written is an error, and leaves what was there: disk.sh LIB PROGRAM.
# shellcheck source=/dev/null
. "$1"
program=$2

# A limit on the size of files stands for a full disk; in blocks of 512 bytes, the checkpoint has
# about a megabyte.
limited() {
    (trap '' XFSZ && ulimit -f 100 && exec "$@")
}

untouched() {
    cmp good.safetensors kept.safetensors || fail "$1 touched the old checkpoint"
    for file in *.part*; do
        [ ! -e "$file" ] || fail "$1 left $file"
    done
}

"$program" train --quiet --iterations 2 --save good.safetensors >/dev/null
cp good.safetensors kept.safetensors

expect 1 good.safetensors limited "$program" train --quiet --iterations 3 --save good.safetensors
untouched "a full disk"
expect 1 new.safetensors limited "$program" train --quiet --iterations 1 --save new.safetensors
[ ! -e new.safetensors ] || fail "half a checkpoint was left"

expect 1 nowhere/new.safetensors \
    "$program" train --quiet --iterations 1 --save nowhere/new.safetensors
for option in --save --layers; do # tried before any work is done
    status=0
    "$program" train --iterations 1 $option nowhere/file.npz >out.txt 2>err.txt || status=$?
    if [ $status -ne 1 ] || [ -s out.txt ]; then
        fail "$option nowhere/file.npz was found out late"
    fi
done
expect 1 /dev/full "$program" train --quiet --iterations 3 --log /dev/full
awk 'BEGIN { for (i = 0; i < 1000; i++) for (j = 1; j <= 24; j++)
    printf "0.%d%s", (i * j) % 10, j < 24 ? "," : "\n" }' >many.csv
expect 1 y.npy limited "$program" predict --load good.safetensors --input many.csv --output y.npy
[ ! -e y.npy ] || fail "half of the predictions were left"

status=0
"$program" eval --load good.safetensors >/dev/full 2>err.txt || status=$?
[ $status -eq 1 ] || fail "status $status where the result could not be printed, wanted 1"

# A run that diverges writes over nothing.
expect 3 'may help; good.safetensors stays as it was' \
    "$program" train --quiet --set lr0=1e30 --save good.safetensors
untouched "divergence"
expect 3 'may help; none.safetensors was not written' \
    "$program" train --quiet --set lr0=1e30 --save none.safetensors
[ ! -e none.safetensors ] || fail "a run that diverged left a checkpoint"

# A run that begins anew says that it will write over a file, before it begins; one that goes on,
# and one whose file keeps nothing, does not.
warned() {
    expect 0 '' "$program" train --iterations 1 "$@"
    grep -q 'the file is there already' err.txt
}
cp good.safetensors again.safetensors
warned --save again.safetensors || fail "nothing said of a file that is there"
! warned --save again.safetensors --quiet || fail "--quiet, and yet a warning"
! warned --save again.safetensors --resume auto || fail "a warning of a resumed run"
! warned --save fresh.safetensors || fail "a warning of a file that is not there"
! warned --save /dev/null || fail "a warning of a device"
finish
