#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# One network on three machines, each with its own libm, within bounds that the oracle computes:
# bounds.sh LIB RNETC NETWORK SOURCES CC JUDGE. What the bounds are, and why two machines differ by
# at most their sum, stands at the head of judge.c.
# shellcheck source=/dev/null
. "$1"
rnetc=$2 network=$3 sources=$4 cc=$5 judge=$6

for machine in aarch64 riscv64; do
    for tool in "$machine-linux-gnu-gcc" "qemu-$machine"; do
        command -v "$tool" >/dev/null || { echo "$tool is not installed"; exit 77; }
    done
done

options=$(sed -n 's/^# rnetc: //p' "$network")
# shellcheck disable=SC2086 # a list of words, here and below
"$rnetc" -Wno-regime $options --dump=model "$network" >model.txt
tensors=$("$judge" model.txt)

# driver MACHINE COMPILER: an object for the machine in a driver with its libm
driver() {
    # shellcheck disable=SC2086
    "$rnetc" -c -Wno-regime $options --target="$1-linux-gnu" --prefix m "$network" -o "$1.o" \
        --header m.h
    real=$(sed -n 's/.*const \(float\|double\) \*x, .*/\1/p' m.h | head -n 1)
    defines="-DREAL=$real -DTRAINS"
    grep -q 'labels from 0' m.h && defines="$defines -DLABELS"
    # shellcheck disable=SC2086
    "$2" -O1 -static $defines -I. "$sources/driver.c" "$1.o" -lm -o "driver_$1"
}

driver x86_64 "$cc"
# shellcheck disable=SC2086
./driver_x86_64 $tensors >x86_64 || fail "the driver on x86-64"
for machine in aarch64 riscv64; do
    driver "$machine" "$machine-linux-gnu-gcc"
    # shellcheck disable=SC2086
    "qemu-$machine" "./driver_$machine" $tensors >"$machine" || fail "the driver on $machine"
    "$judge" model.txt x86_64 "$machine" || fail "$machine: beyond the bounds"
done

# The judge must notice one byte in the middle of the first output.
where=$(LC_ALL=C grep -a -b -o 'output [0-9]* [48]$' x86_64 | head -n 1)
line=${where#*:}
each=${line##* }
cp x86_64 other
printf '\125' | dd of=other bs=1 seek=$((${where%%:*} + ${#line} + 1 + each / 2)) conv=notrunc \
    2>/dev/null
! cmp -s x86_64 other || fail "the byte was there before"
! "$judge" model.txt x86_64 other >/dev/null || fail "a wrong number goes unnoticed"
finish
