#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# One network as objects for several machines, in one driver: run.sh LIB RNETC NETWORK SOURCES CC.
#
# The machines' objects are run under qemu and compared with x86-64's AVX2 code, which has fused
# multiply-adds as they do. With one and the same libm (libm.c) all bits must agree: nothing else
# may make a difference. With each machine's own libm what calls it in double alone may differ in
# its last bits (losses, alpha, and all of a network of doubles); the draws and outputs of a network
# of floats must still agree.
# shellcheck source=/dev/null
. "$1"
rnetc=$2 network=$3 sources=$4 cc=$5

options=$(sed -n 's/^# rnetc: //p' "$network")
for machine in aarch64 riscv64; do
    for tool in "$machine-linux-gnu-gcc" "$machine-linux-gnu-nm" "qemu-$machine"; do
        command -v "$tool" >/dev/null || { echo "$tool is not installed"; exit 77; }
    done
done

object() {
    # shellcheck disable=SC2086 # a list of words
    "$rnetc" -c -Wno-regime $options --target="$1" --prefix m "$network" -o "$2" --header m.h
}

# What an object may want: libc, and libm in double. No function of a compiler's own library, such
# as arithmetic without registers for it.
libc='bcmp getenv memchr memcmp memcpy memmove memset strchr strcmp strlen strncmp'
libm='acos asin cos erf erfc exp expm1 log log1p pow round sin sincos sqrt tanh'
undefined() {
    for symbol in $("$1" -u "$2" | awk '{ print $NF }'); do
        case " $libc $libm " in
        *" $symbol "*) ;;
        *) fail "$2 wants $symbol" ;;
        esac
    done
}

# Two drivers: with the machine's libm, and with ours.
drivers() {
    "$2" -O1 -ffp-contract=off -fno-builtin -c "$sources/libm.c" -o "libm_$1.o"
    # shellcheck disable=SC2086
    "$2" -O1 -static $defines -I. "$sources/driver.c" "$1.o" -lm -o "own_$1"
    # shellcheck disable=SC2086
    "$2" -O1 -static $defines -I. "$sources/driver.c" "$1.o" "libm_$1.o" -lm -o "same_$1"
}

object x86_64-linux-gnu x86_64.o
real=$(sed -n 's/.*const \(float\|double\) \*x, .*/\1/p' m.h | head -n 1)
defines="-DREAL=$real"
grep -q 'labels from 0' m.h && defines="$defines -DLABELS"
grep -q 'int m_step' m.h && defines="$defines -DTRAINS"
drivers x86_64 "$cc"
"$cc" -O1 "$sources/compare.c" "$sources/records.c" -lm -o compare
export RNET_ISA=avx2
for which in same own; do
    "./${which}_x86_64" >"$which.x86_64" 2>err.txt || {
        cat err.txt
        grep -q 'RNET_ISA' err.txt && exit 77
        fail "the driver with $which libm"
    }
done
unset RNET_ISA

# The comparison must notice another libm.
[ "$real" = float ] || ! ./compare same.x86_64 own.x86_64 >/dev/null ||
    fail "libm.c is not what the driver calls"

for machine in aarch64 riscv64; do
    object "$machine-unknown-linux-gnu" "$machine.o"
    undefined "$machine-linux-gnu-nm" "$machine.o"
    drivers "$machine" "$machine-linux-gnu-gcc"
    for which in same own; do
        "qemu-$machine" "./${which}_$machine" >"$which.$machine" || fail "$machine: $which libm"
    done
    ./compare same.x86_64 "same.$machine" || fail "$machine computes something else"
    if [ "$real" = float ]; then
        ./compare own.x86_64 "own.$machine" init output || fail "$machine: draws or outputs differ"
    fi
    if ./compare own.x86_64 "own.$machine"; then
        echo "$machine: the same bits with its own libm"
    fi
done
object aarch64-linux-gnu again.o
cmp aarch64.o again.o || fail "another spelling of the target gives other bytes"
finish
