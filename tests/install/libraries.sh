#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# --emit=static and --emit=shared: what they hold, and what they leave when they fail: libraries.sh
# LIB PREFIX SOURCE.
# shellcheck source=/dev/null
. "$1"
rnetc=$2/bin/rnetc
cp "$3" tiny.rnet

quick() {
    "$rnetc" -O0 --cpu=baseline "$@"
}

quick --emit=static tiny.rnet || fail "no static library of the stem's name"
quick --emit=shared tiny.rnet || fail "no shared library of the stem's name"
for file in libtiny.a libtiny.so tiny.h; do
    [ -s $file ] || fail "there is no $file"
done
[ "$(find . -type d | wc -l)" -eq 1 ] || fail "a folder was left"
mkdir other
quick --emit=static tiny.rnet -o other/libtiny.a
quick --emit=shared tiny.rnet -o other/libtiny.so
for file in libtiny.a libtiny.so tiny.h; do
    cmp $file other/$file || fail "$file depends on where it is made"
done
[ "$(ar t libtiny.a)" = tiny.o ] || fail "members: $(ar t libtiny.a)"
(AR='ar' CC='cc -s' && export AR CC && quick --emit=shared tiny.rnet -o small.so) ||
    fail "CC with an option"
[ "$(wc -c <small.so)" -lt "$(wc -c <libtiny.so)" ] || fail "the option of CC was not heard"

# Nothing but the interface can be seen, and nothing but libc and libm is needed.
nm -D --defined-only libtiny.so | awk '$3 !~ /^tiny_[a-z_]+$/' >odd.txt
[ ! -s odd.txt ] || fail "exported: $(cat odd.txt)"
[ "$(nm -D --defined-only libtiny.so | wc -l)" -gt 10 ] || fail "little is exported"
readelf -d libtiny.so | sed -n 's/.*(NEEDED).*\[\(.*\)\]/\1/p' | grep -vE '^lib[cm]\.so\.6$' &&
    fail "it needs other libraries"
readelf -d libtiny.so | grep -q 'soname: \[libtiny\.so\]' || fail "no soname"

cat >app.c <<'END'
#include "tiny.h"
#include <stdio.h>
#include <stdlib.h>
int main(void)
{
    void *params = aligned_alloc(TINY_ALIGN, (tiny_params_size(NULL) + 63) / 64 * 64);
    void *work = aligned_alloc(
        TINY_ALIGN, (tiny_workspace_size(NULL, 1, TINY_INIT, 1) +
                     tiny_workspace_size(NULL, 1, TINY_FORWARD, 1) + 63) / 64 * 64);
    float x[4] = {1, 2, 3, 4}, y[4];
    int status = tiny_init(NULL, params, NULL, 5, work, NULL);
    if (status == TINY_OK)
        status = tiny_forward(NULL, params, x, y, 1, work, NULL);
    printf("%s %.9g %.9g %.9g %.9g\n", tiny_error(status), y[0], y[1], y[2], y[3]);
    return status;
}
END
quick -c tiny.rnet -o object.o --header tiny.h
for library in object.o libtiny.a ./libtiny.so; do
    cc app.c $library -lm -o app || fail "$library does not link"
    LD_LIBRARY_PATH=. ./app >"$(basename $library).out" || fail "$library: the program fails"
done
cmp object.o.out libtiny.a.out || fail "the static library computes something else"
cmp object.o.out libtiny.so.out || fail "the shared library computes something else"

# ---- failures leave nothing, and what was there stays ----

refused() {
    text=$1
    shift
    ls >before.list
    expect 1 "$text" "$@"
    rm -f out.txt err.txt
    ls >after.list
    diff before.list after.list || fail "a failed run left files: $*"
    cmp libtiny.a other/libtiny.a || fail "a failed run touched the old library"
}
: >before.list
: >after.list
refused "linking with \`false\`" env AR=false "$rnetc" --cpu=baseline --emit=static tiny.rnet
refused "linking with \`false\`" env CC=false "$rnetc" --cpu=baseline --emit=shared tiny.rnet
refused 'no-such-ar' env AR=no-such-ar "$rnetc" --cpu=baseline --emit=static tiny.rnet
refused 'standard output' "$rnetc" --cpu=baseline --emit=static tiny.rnet -o -
refused 'nowhere/lib' "$rnetc" --cpu=baseline --emit=static tiny.rnet -o nowhere/lib.a
refused 'other' "$rnetc" --cpu=baseline --emit=static tiny.rnet --header tiny.h -o other
finish
