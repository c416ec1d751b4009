#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# The Debian package: what it holds and needs, and that it works where it is unpacked: debian.sh LIB
# PREFIX BUILD SOURCE. Status 77 where Debian's tools are not there.
# shellcheck source=/dev/null
. "$1"
prefix=$2 build=$3
for tool in cpack dpkg-deb dpkg-shlibdeps gzip; do
    command -v $tool >/dev/null || exit 77
done
cp "$4" tiny.rnet

cpack --config "$build/CPackConfig.cmake" -G DEB -B "$PWD/package" >cpack.txt 2>&1 ||
    fail "no package: $(tail -n 20 cpack.txt)"
package=$(find package -maxdepth 1 -name '*.deb')
[ -f "$package" ] || fail "there is not one package: $package"
version=$("$prefix/bin/rnetc" --version | cut -d' ' -f2)
[ "$(basename "$package")" = "rnet_${version}_$(dpkg --print-architecture).deb" ] ||
    fail "the package is called $package"
field() {
    dpkg-deb -f "$package" "$1"
}
[ "$(field Package) $(field Version)" = "rnet $version" ] || fail "it calls itself otherwise"
for need in libllvm19 libc6 'gcc | c-compiler' libcjson-dev zlib1g-dev; do
    field Depends | grep -qF "$need" || fail "it does not depend on $need: $(field Depends)"
done

# The same files as --install puts under a prefix, but for what Debian wants packed or beside them.
dpkg-deb -x "$package" root || fail "it cannot be unpacked"
(cd "$prefix" && find . -type f | sed 's|\(/man1/.*\)|\1.gz|' &&
    printf './share/doc/rnet/%s\n' copyright changelog.gz) | sort >wanted.list
(cd root/usr && find . -type f | sort) | diff wanted.list - || fail "other files than --install"
[ "$(find root -mindepth 1 -maxdepth 1 | wc -l)" -eq 1 ] || fail "files outside /usr"
dpkg-deb -c "$package" | awk '$1 !~ /^(drwxr-xr-x|-rw-r--r--|-rwxr-xr-x)$/ || $2 != "root/root"' \
    >odd.txt
[ ! -s odd.txt ] || fail "odd owners or rights: $(cat odd.txt)"
dpkg-deb --control "$package" control
(cd root && md5sum --quiet -c ../control/md5sums) || fail "sums of files do not agree"

root/usr/bin/rnetc -O0 --cpu=baseline tiny.rnet -o tiny || fail "the unpacked rnetc fails"
./tiny train --quiet >/dev/null || fail "its program fails"
finish
