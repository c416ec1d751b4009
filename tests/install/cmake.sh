#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# find_package(rnet) and rnet_add_model in a project of somebody else: cmake.sh LIB PREFIX SOURCE
# GENERATOR. The project's folder has a blank in its name.
# shellcheck source=/dev/null
. "$1"
prefix=$2 generator=$4
mkdir -p 'my project/library'
cp "$3" 'my project/model.rnet'
cd 'my project' || exit 1

cat >CMakeLists.txt <<'END'
cmake_minimum_required(VERSION 3.20)
project(downstream LANGUAGES C)
if(CARRIED)
  include(rnetAddModel.cmake)
else()
  find_package(rnet 0.1 REQUIRED)
endif()
add_executable(app app.c)
set(quick OPTIONS -O0 --cpu=baseline)
rnet_add_model(TARGET app MODEL model.rnet ${quick})
if(NOT CARRIED)
  rnet_add_model(TARGET app MODEL model.rnet NAME second PREDICT_ONLY DEFINES d=7 ${quick})
  rnet_add_model(TARGET app MODEL model.rnet NAME baked WEIGHTS weights.safetensors ${quick})
  add_subdirectory(library)
  target_link_libraries(app answer)
else()
  target_compile_definitions(app PRIVATE CARRIED)
endif()
END
# A model in a static library, whose users know nothing of it; the model stands in another folder.
cat >library/CMakeLists.txt <<'END'
add_library(answer STATIC answer.c)
rnet_add_model(TARGET answer MODEL ../model.rnet NAME hidden ${quick})
END
cat >library/answer.c <<'END'
#include "hidden.h"
int answer(void);
int answer(void)
{
    return (int)(hidden_params_size(NULL) > 0) + HIDDEN_OUTPUTS;
}
END
cat >app.c <<'END'
#include "model.h"
#include <stdio.h>
#ifdef CARRIED
int main(void)
{
    printf("%d %d\n", MODEL_INPUTS, model_params_size(NULL) > 0);
    return 0;
}
#else
#include "baked.h"
#include "second.h"
int answer(void);
int main(void)
{
    printf("%d %d %d %d %d\n", MODEL_INPUTS, SECOND_INPUTS, answer(),
           model_params_size(NULL) > 0 && second_params_size(NULL) > 0, baked_weights() != NULL);
    return 0;
}
#endif
END

# Weights of the network as it is, by its executable.
train() {
    "$prefix/bin/rnetc" -O0 --cpu=baseline model.rnet -o ../trainer
    ../trainer train --quiet --save weights.safetensors >/dev/null
}

# built WANTED: builds; then the program prints that.
built() {
    cmake --build build >build.txt 2>&1 || fail "it does not build: $(tail -n 20 build.txt)"
    [ "$(build/app)" = "$1" ] || fail "the program says '$(build/app)', not '$1'"
}

train
cmake -S . -B build -G "$generator" -DCMAKE_PREFIX_PATH="$prefix" >configure.txt 2>&1 ||
    fail "it does not configure: $(tail -n 20 configure.txt)"
built '4 7 5 1 1'

# Nothing to do, nothing done; a newer network is compiled again, and so is what includes it.
cmake --build build >again.txt 2>&1
grep -q 'Compiling the network' again.txt && fail "networks are compiled without need"
sleep 1
sed -i 's/^const d = 4/const d = 6/' model.rnet
train
built '6 7 7 1 1'
grep -q 'Compiling the network model' build.txt || fail "a newer network is not compiled again"

# Newer weights are baked anew, and nothing else is compiled.
sleep 1
train
built '6 7 7 1 1'
grep -q 'Compiling the network baked' build.txt || fail "newer weights are not baked"
grep -q 'Compiling the network model' build.txt && fail "newer weights compile all networks"

# A network with a mistake stops the build, and the old object does not hide it.
sleep 1
cp model.rnet good.rnet
echo 'nonsense' >>model.rnet
cmake --build build >wrong.txt 2>&1 && fail "a mistake in the network goes through"
grep -q 'model\.rnet:' wrong.txt || fail "the message of rnetc is lost: $(cat wrong.txt)"
sleep 1
cp good.rnet model.rnet
built '6 7 7 1 1'

# ---- without rnetc: an object and a header made elsewhere ----

mkdir carried
cp build/rnet/app/model.o build/rnet/app/model.h carried
cp "$prefix/lib/cmake/rnet/rnetAddModel.cmake" .
rm -r build
echo 'nonsense' >>model.rnet
cmake -S . -B build -G "$generator" -DCARRIED=ON -DRNET_PREGENERATED_DIR="$PWD/carried" \
    >configure.txt 2>&1 || fail "it does not configure: $(tail -n 20 configure.txt)"
built '6 1'
rm -r build
refused() {
    text=$1
    shift
    cmake -S . -B build -G "$generator" "$@" >configure.txt 2>&1 && fail "it configures: $*"
    tr -s ' \n' ' ' <configure.txt | grep -qF -e "$text" || fail "no '$text': $(cat configure.txt)"
    rm -rf build
}
refused 'rnetc is not here' -DCARRIED=ON
mv carried/model.h kept.h
refused 'no model.h in' -DCARRIED=ON -DRNET_PREGENERATED_DIR=carried
mv kept.h carried/model.h
refused 'only for Linux on x86_64, aarch64 and riscv64' -DCMAKE_PREFIX_PATH="$prefix" \
    -DCMAKE_SYSTEM_NAME=Linux -DCMAKE_SYSTEM_PROCESSOR=m68k
sed -i 's/TARGET app MODEL/TARGET app MODLE/' CMakeLists.txt
refused 'MODLE' -DCMAKE_PREFIX_PATH="$prefix"
finish
