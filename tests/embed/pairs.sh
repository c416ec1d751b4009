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
cat >made/flowers.rnet <<'END'
model { input x[2]; dense(3) }
train { data csv("flowers.csv", target = "3"); loss cross_entropy; optimizer sgd(lr = 1) }
END
echo 1,2,0 >made/flowers.csv
for outputs in '-o made/flowers.csv' '-c -o made/flowers.csv' \
    '-c -o made/flowers.o --header made/flowers.csv'; do
    # shellcheck disable=SC2086
    expect 1 'a file of the data' $quick made/flowers.rnet $outputs
    [ "$(cat made/flowers.csv)" = 1,2,0 ] || fail "$outputs writes over the data"
done
rm -r made/*

# a pair of before stays as it is
# shellcheck disable=SC2086
expect 0 '' $quick --emit=static "$folder/net.rnet" -o made/net.a
cp -r made before
# shellcheck disable=SC2086
expect 1 '' env AR=false $quick --emit=static --prefix other "$folder/net.rnet" -o made/net.a
diff -r before made >left.txt || fail "the pair of before has changed: $(head -n 3 left.txt)"

# links to outputs stay, and lead to another file system as well
other=$(mktemp -d /dev/shm/rnet-pairs-XXXXXX 2>mktemp.txt || mktemp -d)
for kind in obj static shared; do
    touch "$other/net.$kind"
    ln -s "$other/net.$kind" "made/net.$kind"
    # shellcheck disable=SC2086
    expect 0 '' $quick --emit=$kind "$folder/net.rnet" -o "made/net.$kind" --header made/net.h
    [ -L "made/net.$kind" ] || fail "--emit=$kind has replaced a link"
    [ -s "$other/net.$kind" ] || fail "--emit=$kind does not write where a link leads"
    rm "$other/net.$kind"
    [ -z "$(ls "$other")" ] || fail "--emit=$kind leaves $(ls "$other")"
done
rm -r "$other" made/*

# no header beside what is no ordinary file
# shellcheck disable=SC2086
expect 0 '' $quick -c "$folder/net.rnet" -o /dev/null
[ ! -e /dev/null.h ] || fail 'a header beside a device'
# shellcheck disable=SC2086
expect 0 '' $quick -c "$folder/net.rnet" -o /dev/null --header made/net.h
grep -q NET_INPUTS made/net.h || fail 'the header that was asked for'
rm -r made/*

# a name that is refused at the last moment: this library refuses those that end in .o or .a
cat >refuse.c <<'END'
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <string.h>
int rename(const char *from, const char *to)
{
    size_t length = strlen(to);
    if (length > 2 && (strcmp(to + length - 2, ".o") == 0 || strcmp(to + length - 2, ".a") == 0)) {
        errno = EIO;
        return -1;
    }
    return ((int (*)(const char *, const char *))dlsym(RTLD_NEXT, "rename"))(from, to);
}
END
if ! nm "$rnetc" | grep -q __asan_init; then
    "${CC:-cc}" -shared -fPIC refuse.c -o refuse.so -ldl
    for output in net.o net.a; do
        emit=obj
        [ $output = net.o ] || emit=static
        # shellcheck disable=SC2086
        expect 1 "made/$output" env LD_PRELOAD="$PWD/refuse.so" $quick --emit=$emit \
            "$folder/net.rnet" -o made/$output
        nothing_new "$output that cannot get its name"
        echo header >made/net.h
        echo object >made/$output
        cp -r made kept
        # shellcheck disable=SC2086
        expect 1 "made/$output" env LD_PRELOAD="$PWD/refuse.so" $quick --emit=$emit \
            "$folder/net.rnet" -o made/$output
        diff -r kept made >left.txt || fail "$output loses what was: $(head -n 3 left.txt)"
        rm -r kept made/*
    done
fi

# the compiler of another machine, where nobody has installed it
mkdir empty
expect 1 'install the cross compiler of aarch64-linux-gnu' env -u CC PATH="$PWD/empty" "$rnetc" \
    -O0 --emit=shared --target aarch64-linux-gnu "$folder/net.rnet" -o empty/far.so
[ -z "$(ls empty)" ] || fail "a missing compiler leaves $(ls empty)"
finish
