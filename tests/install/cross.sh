#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# rnet_add_model in a cross build: cross.sh LIB PREFIX SOURCE PROCESSOR. Status 77 without Debian's
# cross compiler; the program runs where qemu's user mode is installed.
# shellcheck source=/dev/null
. "$1"
prefix=$2 processor=$4
compiler=$processor-linux-gnu-gcc
command -v "$compiler" >/dev/null || exit 77
cp "$3" model.rnet
cat >CMakeLists.txt <<'END'
cmake_minimum_required(VERSION 3.20)
project(downstream LANGUAGES C)
find_package(rnet REQUIRED)
add_executable(app app.c)
target_link_options(app PRIVATE -static)
rnet_add_model(TARGET app MODEL model.rnet OPTIONS -O0)
END
cat >toolchain.cmake <<END
set(CMAKE_SYSTEM_NAME Linux)
set(CMAKE_SYSTEM_PROCESSOR $processor)
set(CMAKE_C_COMPILER $compiler)
set(CMAKE_FIND_ROOT_PATH_MODE_PACKAGE ONLY)
END
cat >app.c <<'END'
#include "model.h"
#include <stdio.h>
int main(void)
{
    printf("%d %s\n", model_params_size(NULL) > 0, model_isa());
    return 0;
}
END
cmake -S . -B build -G Ninja -DCMAKE_TOOLCHAIN_FILE="$PWD/toolchain.cmake" \
    -Drnet_DIR="$prefix/lib/cmake/rnet" >configure.txt 2>&1 ||
    fail "it does not configure: $(tail -n 20 configure.txt)"
cmake --build build >build.txt 2>&1 || fail "it does not build: $(tail -n 20 build.txt)"
machine=$(echo "$processor" | sed 's/riscv64/RISC-V/; s/aarch64/AArch64/')
readelf -h build/app | grep -q "Machine:.*$machine" || fail "a program of another machine"
"$prefix/bin/rnetc" --target="$processor-linux-gnu" -O0 --emit=shared model.rnet ||
    fail "no shared library"
readelf -h libmodel.so | grep -q "Machine:.*$machine" || fail "a library of another machine"
"$prefix/bin/rnetc" --target="$processor-linux-gnu" -O0 --emit=static model.rnet ||
    fail "no static library"
nm -s libmodel.a | grep -q '^model_forward in model.o' || fail "no index in the archive"
for qemu in "qemu-$processor" "qemu-$processor-static"; do
    if command -v "$qemu" >/dev/null; then
        "$qemu" build/app >out.txt || fail "the program does not run"
        grep -q '^1 ' out.txt || fail "the program says $(cat out.txt)"
        break
    fi
done
finish
