#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# What lies where, and that it may be moved: layout.sh LIB PREFIX BUILD SOURCE.
# shellcheck source=/dev/null
. "$1"
prefix=$2 build=$3
cp "$4" tiny.rnet

while read -r file; do
    [ -s "$prefix/$file" ] || fail "$file is not installed"
done <<'END'
bin/rnetc
lib/rnet/librnet_rt.a
lib/cmake/rnet/rnetConfig.cmake
lib/cmake/rnet/rnetConfigVersion.cmake
lib/cmake/rnet/rnetAddModel.cmake
share/pkgconfig/rnet.pc
share/man/man1/rnetc.1
share/man/man1/rnet-program.1
share/bash-completion/completions/rnetc
share/zsh/site-functions/_rnetc
share/fish/vendor_completions.d/rnetc.fish
share/doc/rnet/language.md
share/rnet/manifest.schema.json
share/doc/rnet/examples/embed_python/rnet_model.py
share/doc/rnet/examples/quickstart.rnet
END
[ "$(find "$prefix" -name '*.o' -o -name CMakeCache.txt -o -name build | wc -l)" -eq 0 ] ||
    fail "something that was built beside the examples is installed"
# bits of a rpath would be of this machine
readelf -d "$prefix/bin/rnetc" | grep -Eq 'R(UN)?PATH' && fail "rnetc has a rpath"

# The texts name neither the build folder nor where they were installed.
for folder in "$build" "$prefix"; do
    found=$(grep -rlIF -e "$folder" "$prefix" || true)
    [ -z "$found" ] || fail "$folder is named in $found"
done

# DESTDIR is put before everything, and the tree is the same.
DESTDIR=$PWD/staged cmake --install "$build" --prefix /opt/rnet >install.txt ||
    fail "no installation under DESTDIR"
(cd "$prefix" && find . | sort) >here.list
(cd staged/opt/rnet && find . | sort) >staged.list
diff here.list staged.list || fail "DESTDIR changes what is installed"

# Moved, called by its whole name, by a link, and by PATH.
mv staged/opt/rnet 'moved here'
ln -s "$PWD/moved here/bin/rnetc" link
"moved here/bin/rnetc" -O0 --cpu=baseline tiny.rnet -o by_name || fail "the moved rnetc fails"
./link -O0 --cpu=baseline tiny.rnet -o by_link || fail "rnetc behind a link fails"
(PATH="$PWD/moved here/bin:$PATH" && rnetc -O0 --cpu=baseline tiny.rnet -o by_path) ||
    fail "rnetc in PATH fails"
cmp by_name by_link || fail "a link changes the program"
cmp by_name by_path || fail "PATH changes the program"
./by_name train --quiet >/dev/null || fail "the program does not run"
finish
