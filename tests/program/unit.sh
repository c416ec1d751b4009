#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# Code for a matrix unit: only where it is asked for, with bits of its own that depend on nothing
# else, and refused by machines without: unit.sh LIB RNETC NETWORK.
# shellcheck source=/dev/null
. "$1"
rnetc=$2 source=$3

products() {
    objdump -d "$1" | grep -c tdpbf16ps || true
}

"$rnetc" "$source" -o usual
[ "$(products usual)" -eq 0 ] || fail "the usual program uses a matrix unit"
"$rnetc" --cpu=native -O1 "$source" -o native
[ "$(products native)" -eq 0 ] || fail "a native program uses a matrix unit"
"$rnetc" --cpu=amx -O1 "$source" -o unit
[ "$(products unit)" -gt 0 ] || fail "--cpu=amx does not use the matrix unit"
expect 2 'this program has code for avx512, avx2, baseline' env RNET_ISA=amx ./usual info
expect 2 'this program has code for amx' env RNET_ISA=avx2 ./unit info
"$rnetc" --cpu=amx -O1 -c "$source" -o unit.o
[ "$(products unit.o)" -gt 0 ] || fail "an object to embed does not use the matrix unit"

if ! grep -qw amx_bf16 /proc/cpuinfo; then
    expect 1 'this machine can run none of the program' ./unit info
    echo "no matrix unit here: nothing was run"
    (finish) || exit 1
    exit 77
fi

./unit train --quiet --threads 1 --save one.safetensors >/dev/null
for threads in 1 2 3 8; do
    ./unit train --quiet --threads $threads --save "$threads.safetensors" >/dev/null
    cmp one.safetensors "$threads.safetensors" || fail "$threads threads give other bits"
done
for level in 0 2 3; do
    "$rnetc" --cpu=amx -O$level "$source" -o level
    ./level train --quiet --save level.safetensors >/dev/null
    cmp one.safetensors level.safetensors || fail "-O$level gives other bits"
done
"$rnetc" run --cpu=amx "$source" train --quiet --save jit.safetensors >/dev/null
cmp one.safetensors jit.safetensors || fail "in memory it gives other bits"
./native train --quiet --save native.safetensors >/dev/null
! cmp -s one.safetensors native.safetensors || fail "the matrix unit was not used"

./unit train --quiet --iterations 1 --save part.safetensors >/dev/null
./unit train --quiet --resume part.safetensors --save part.safetensors >/dev/null
same_tensors one.safetensors part.safetensors

# A sample alone has the bits of one among others.
awk 'BEGIN { for (c = 0; c < 20; c++) printf "x_%d%s", c, c < 19 ? "," : "\n"
             for (r = 0; r < 3; r++) for (c = 0; c < 20; c++)
                 printf "%.2f%s", sin(7 * r + c), c < 19 ? "," : "\n" }' >rows.csv
head -n 2 rows.csv >alone.csv
for rows in rows alone; do
    ./unit predict --load one.safetensors --input $rows.csv --output of_$rows.csv >/dev/null
done
head -n 2 of_rows.csv | cmp - of_alone.csv || fail "a sample alone has other bits"
finish
