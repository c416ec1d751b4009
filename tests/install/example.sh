#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# An example as it is installed, built and run as its README says: example.sh LIB PREFIX NAME. What
# it computes is compared with the executable of the same network, which gives the same bits. Status
# 77 where a tool that the example is for is not installed.
# shellcheck source=/dev/null
. "$1"
prefix=$2 name=$3
PATH=$prefix/bin:$PATH
export PATH
# by PATH or by pkg-config: the first where there is no second
PKG_CONFIG_PATH=$prefix/share/pkgconfig
export PKG_CONFIG_PATH

needs() {
    for tool; do
        command -v "$tool" >/dev/null || exit 77
    done
}

# says TEXT FILE
says() {
    grep -qF -e "$1" "$2" || fail "no '$1' in: $(cat "$2")"
}

cp -r "$prefix/share/doc/rnet/examples/embed_$name" example
cd example || exit 1
case $name in
c)
    needs make cc
    make CFLAGS='-O2 -Wall -Wextra -Werror' check >make.txt 2>&1 || fail "make: $(cat make.txt)"
    [ "$(wc -l <object.csv)" -gt 200 ] || fail "little is predicted"
    for arm in 0 1; do
        awk -F, -v arm=$arm '$3 == arm { print $1 "," $2 }' spirals.csv >points.csv
        ./predict spirals.safetensors <points.csv | tail -n +2 >arm.csv
        wrong=$(awk -F, -v arm=$arm '$3 != arm' arm.csv | wc -l)
        [ "$wrong" -le 12 ] || fail "$wrong of 120 points of spiral $arm are not recognised"
    done
    expect 1 'no safetensors file' ./predict spirals.csv
    head -c 3000 spirals.safetensors >cut.safetensors
    expect 1 'safetensors' ./predict cut.safetensors
    expect 1 'cannot be read' ./predict missing.safetensors
    for point in nan,1 1,inf 1e99,0 1 1,2,3 1,2x x,y; do
        printf '0.5,0.5\n%s\n' "$point" >point.csv
        expect 1 'line 2 is not' ./predict spirals.safetensors <point.csv
    done
    # another depth, from the file alone
    ./spirals train --quiet --set L=40 --epochs 3 --save deep.safetensors >/dev/null
    ./predict deep.safetensors <points.csv >object.csv
    ./spirals predict --load deep.safetensors --input points.csv | cmp - object.csv ||
        fail "another depth: not what the executable computes" ;;
cpp)
    needs c++ cmake
    cmake -S . -B build -DCMAKE_PREFIX_PATH="$prefix" -DCMAKE_BUILD_TYPE=Release \
        -DCMAKE_CXX_FLAGS='-Wall -Wextra -Wpedantic -Werror' >cmake.txt 2>&1 ||
        fail "it does not configure: $(cat cmake.txt)"
    cmake --build build >cmake.txt 2>&1 || fail "it does not build: $(cat cmake.txt)"
    build/distill . >out.txt || fail "it fails"
    says 'one thread and four: the same bits' out.txt
    awk '/loss/ { loss = $NF } END { exit !(loss < 0.005) }' out.txt || fail "it learns nothing"
    rnetc -O1 --cpu=native student.rnet -o student
    ./student predict --load student.safetensors --input inputs.csv | cmp - answers.csv ||
        fail "not what the executable computes" ;;
train)
    needs make cc
    make CFLAGS='-O2 -Wall -Wextra -Werror' >make.txt 2>&1 || fail "make: $(cat make.txt)"
    ./learn >out.txt || fail "it fails"
    says 'the same bits as without' out.txt
    # the error of the last thousand values, that after the change, and that before
    awk '{ e[NR] = $4 } END { exit !(e[12] < e[7] / 5 && e[6] < e[7] / 5) }' out.txt ||
        fail "it does not follow the signal: $(cat out.txt)"
    rnetc -O1 --cpu=native oscillator.rnet -o oscillator
    seq 1 17 | sed 's|.*|0.&|' | paste -sd, >recording.csv
    cut -d, -f1-16 recording.csv | sed '1i a,b,c,d,e,f,g,h,i,j,k,l,m,n,o,p' >window.csv
    ./oscillator predict --load oscillator.safetensors --input window.csv | grep -q '^[-0-9]' ||
        fail "the executable does not take the checkpoint" ;;
python)
    needs make
    /usr/bin/python3 -c 'import numpy' 2>/dev/null || exit 77
    make run >out.txt 2>&1 || fail "it fails: $(cat out.txt)"
    says 'loaded again: the same bits' out.txt
    # the gradient and a difference of losses agree to the digits that float32 leaves the latter
    awk '/^gradient/ { seen = 1; d = $2 - $4; bad = d * d > 1e-6 + ($4 / 50) ^ 2 }
        /^step 600/ { learnt = $NF < 0.01 } END { exit !(seen && learnt && !bad) }' out.txt ||
        fail "wrong numbers: $(cat out.txt)"
    rnetc -O1 --cpu=native wave.rnet -o wave
    ./wave predict --load wave.safetensors --input inputs.csv >executable.csv
    cmp executable.csv answers.csv || fail "not what the executable computes"
    rnetc run -O1 wave.rnet predict --load wave.safetensors --input inputs.csv >memory.csv
    cmp memory.csv answers.csv || fail "not what \`rnetc run\` computes"
    printf 'from rnet_model import Model, Error\n%s\n%s\n%s\n%s\n' 'try:' \
        '    Model("./libwave.so", "wave.json", L=0).init()' \
        'except Error as error:' '    print("refused", error)' >wrong.py
    /usr/bin/python3 wrong.py >wrong.txt 2>&1 || fail "a bad param: $(cat wrong.txt)"
    says 'refused' wrong.txt ;;
esac
finish
