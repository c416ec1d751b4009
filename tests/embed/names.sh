#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# Names, headers and files of objects: names.sh LIB RNETC FOLDER.
# shellcheck source=/dev/null
. "$1"
rnetc=$2 folder=$3
strict="-Wall -Wextra -pedantic -Werror -I."

# ---- a header alone, in C and in C++; several in one program ----

"$rnetc" -O1 --cpu=native -c "$folder/net.rnet" -o net.o
"$rnetc" -O1 --cpu=native -c "$folder/curve.rnet" -o curve.o
"$rnetc" -O1 --cpu=native --prefix older -D L=2 -c "$folder/net.rnet" -o older.o
for name in net curve older; do
    printf '#include "%s.h"\n#include "%s.h"\n' $name $name >header.c
    # shellcheck disable=SC2086 # a list of options
    "${CC:-cc}" -std=c11 $strict -c header.c -o header.o || fail "$name.h is not C11"
    # shellcheck disable=SC2086
    "${CXX:-c++}" -std=c++17 $strict -x c++ -c header.c -o header.o || fail "$name.h is not C++17"
done
# shellcheck disable=SC2086
"${CC:-cc}" -std=c11 $strict "$folder/many.c" net.o curve.o older.o -lm -o many
expect 0 '' ./many
# shellcheck disable=SC2086
"${CXX:-c++}" -std=c++17 $strict -x c++ "$folder/many.c" -x none net.o curve.o older.o -lm -o many
expect 0 '' ./many
grep -q 'int64_t L; .*layers \* / not the end' net.h || fail 'the param is not documented'
grep -q 'double int_;' net.h || fail 'a keyword is a member'

# ---- names that cannot be, and what goes where ----

cp "$folder/net.rnet" double.rnet
expect 1 '--prefix' "$rnetc" -c double.rnet -o double.o
for file in double.o double.h; do
    [ ! -e "$file" ] || fail "a refused name left $file behind"
done
expect 0 '' "$rnetc" -O1 --cpu=native --prefix twice -c double.rnet
nm double.o | grep -q ' T twice_forward$' || fail 'the prefix is not in the names'
grep -q 'TWICE_OUTPUTS' double.h || fail 'the header is not beside the object'
mkdir include
expect 0 '' "$rnetc" -O1 --cpu=native -c "$folder/net.rnet" -o placed.o --header include/there.h
[ ! -e placed.h ] || fail '--header is not heeded'
cmp include/there.h net.h || fail 'the header depends on where it goes'
cmp placed.o net.o || fail 'the object depends on its name'
expect 0 '' "$rnetc" --emit=header "$folder/net.rnet" -o alone.h
cmp alone.h net.h || fail '--emit=header is another header'
"$rnetc" -O1 --cpu=native --emit=obj "$folder/net.rnet" -o - >stream.o
cmp stream.o net.o || fail '-o - is another object'
[ ! -e ./-.h ] || fail '-o - wrote a header'
expect 0 '' "$rnetc" -O1 --cpu=native -MD -c "$folder/net.rnet" -o rule.o
grep -q "^rule.o rule.h: $folder/net.rnet\$" rule.o.d || fail "-MD: $(cat rule.o.d)"
expect 1 'cannot write' "$rnetc" -c "$folder/net.rnet" -o nowhere/net.o
expect 1 'cannot write' "$rnetc" -c "$folder/net.rnet" -o lost.o --header nowhere/net.h
[ ! -e lost.o ] || fail 'an object without its header'

# ---- a tensor with a long name is found again in its file ----

word=$(printf 'w%.0s' $(seq 200))
sed "s/ A: dense/ $word: dense/" "$folder/net.rnet" >wordy.rnet
grep -q "$word" wordy.rnet || fail 'the network has no long name'
expect 0 '' "$rnetc" -O1 --cpu=baseline -c wordy.rnet
cat >wordy.c <<'END'
#include "wordy.h"
#include <stdlib.h>
enum { MOST = 1 << 24 };
int main(void)
{
    void *params = aligned_alloc(64, MOST), *state = aligned_alloc(64, MOST);
    void *workspace = aligned_alloc(64, MOST), *file = malloc(MOST);
    size_t size = wordy_save_size(NULL, 1);
    if (size > MOST || wordy_state_size(NULL) > MOST ||
        wordy_workspace_size(NULL, 1, WORDY_INIT, 1) > MOST)
        return 90;
    int status = wordy_init(NULL, params, state, 1, workspace, NULL);
    status = status ? status : wordy_save(NULL, params, state, file, size);
    return status ? status : wordy_load(NULL, params, state, file, size, workspace);
}
END
"${CC:-cc}" -std=c11 -I. wordy.c wordy.o -lm -o wordy
expect 0 '' ./wordy
finish
