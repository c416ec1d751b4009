#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# An object and its header appear together or not at all: pairs.sh LIB RNETC FOLDER.
# shellcheck source=/dev/null
. "$1"
rnetc=$2 folder=$3
quick="$rnetc -O0 --cpu=baseline"
mkdir made

# What a failed build leaves in the folder `made`, beside what was there.
nothing_new() {
    ls made >left.txt
    [ ! -s left.txt ] || fail "after $1 there is $(tr '\n' ' ' <left.txt)"
    rm -rf made/*
}

# shellcheck disable=SC2086 # a command and its options
expect 1 E0602 $quick --target pdp11-linux-gnu -c "$folder/net.rnet" -o made/net.o
nothing_new 'an unknown target'
# shellcheck disable=SC2086
expect 1 E0006 env AR=false $quick --emit=static "$folder/net.rnet" -o made/net.a
nothing_new 'an archiver that fails'
# shellcheck disable=SC2086
expect 1 E0006 env CC=false $quick --emit=shared "$folder/net.rnet" -o made/net.so
nothing_new 'a linker that fails'
# shellcheck disable=SC2086
expect 1 'a folder' $quick -c "$folder/net.rnet" -o made --header made/net.h
nothing_new 'a folder as the object'
# shellcheck disable=SC2086
expect 1 'nowhere' $quick -c "$folder/net.rnet" -o made/net.o --header nowhere/net.h
nothing_new 'a header that cannot be written'
# shellcheck disable=SC2086
expect 1 '' $quick --emit=static "$folder/net.rnet" -o made --header net.h
[ ! -e net.h ] || fail 'a folder as the library leaves the header'
nothing_new 'a folder as the library'

mkfifo pipe
# shellcheck disable=SC2086
expect 1 'no ordinary file' $quick --emit=static "$folder/net.rnet" -o pipe --header made/net.h
[ -p pipe ] || fail 'a library has replaced a pipe'
nothing_new 'a pipe as the library'
echo old >net.h
# shellcheck disable=SC2086
expect 1 'no ordinary file' $quick --emit=static "$folder/net.rnet" -o made --header net.h
[ "$(cat net.h)" = old ] || fail 'a header of before is lost'
nothing_new 'a folder as the library'

# nothing that is read, and no other output, is written over
cp "$folder/net.rnet" made/net.rnet
for outputs in 'made/net.o --header made/net.rnet' 'made/net.o --manifest made/net.rnet' \
    'made/net.o --header made/net.o' 'made/net.h' 'made/net.o --manifest made/net.h'; do
    # shellcheck disable=SC2086
    expect 1 E0002 $quick -c made/net.rnet -o $outputs
    cmp "$folder/net.rnet" made/net.rnet || fail "-o $outputs writes over the source"
    [ "$(ls made)" = net.rnet ] || fail "-o $outputs leaves $(ls made)"
done
printf '\002\000\000\000\000\000\000\000{}' >made/w # a checkpoint of nothing
cp made/w w
# shellcheck disable=SC2086
expect 1 'the file of weights' $quick -c --weights made/w made/net.rnet -o made/w
cmp made/w w || fail 'the weights are written over'
rm -r made/*

# a pair of before stays as it is
# shellcheck disable=SC2086
expect 0 '' $quick --emit=static "$folder/net.rnet" -o made/net.a
cp -r made before
# shellcheck disable=SC2086
expect 1 '' env AR=false $quick --emit=static --prefix other "$folder/net.rnet" -o made/net.a
diff -r before made >left.txt || fail "the pair of before has changed: $(head -n 3 left.txt)"

# the compiler of another machine, where nobody has installed it
mkdir empty
expect 1 'install the cross compiler of aarch64-linux-gnu' env -u CC PATH="$PWD/empty" "$rnetc" \
    -O0 --emit=shared --target aarch64-linux-gnu "$folder/net.rnet" -o empty/far.so
[ -z "$(ls empty)" ] || fail "a missing compiler leaves $(ls empty)"
finish
