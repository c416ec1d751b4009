#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# pkg-config rnet: pkgconfig.sh LIB PREFIX. Status 77 without pkg-config.
# shellcheck source=/dev/null
. "$1"
prefix=$2
command -v pkg-config >/dev/null || exit 77
cp -r "$prefix" 'moved'
PKG_CONFIG_PATH=$PWD/moved/share/pkgconfig
export PKG_CONFIG_PATH

pkg-config --exists rnet || fail "there is no rnet"
rnetc=$(pkg-config --variable=rnetc rnet)
[ "$(readlink -f "$rnetc")" = "$PWD/moved/bin/rnetc" ] || fail "rnetc is said to be $rnetc"
[ "rnetc $(pkg-config --modversion rnet)" = "$("$rnetc" --version)" ] || fail "another version"
[ "$(pkg-config --libs rnet | tr -d ' ')" = -lm ] || fail "libs: $(pkg-config --libs rnet)"
[ -z "$(pkg-config --cflags rnet | tr -d ' ')" ] || fail "cflags: $(pkg-config --cflags rnet)"
for name in schema examples; do
    [ -e "$(pkg-config --variable=$name rnet)" ] || fail "$name is not there"
done
finish
