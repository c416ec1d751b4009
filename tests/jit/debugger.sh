#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# Line tables: gdb stops in lines of the .rnet file, in executables, in `rnetc run` and in objects
# to embed; and -g changes no result: debugger.sh LIB RNETC SOURCE CC.
# shellcheck source=/dev/null
. "$1"
rnetc=$2 source=$3 cc=$4
command -v gdb >/dev/null || { echo "no gdb here"; exit 77; }
echo 'int main(void) { return 0; }' >none.c
"$cc" none.c -o none
gdb -nx -batch -ex run ./none 2>&1 | grep -q 'exited normally' ||
    { echo "gdb may not trace programs here"; exit 77; }

line=$(grep -n 'W: dense' "$source" | cut -d: -f1)
cat >commands.gdb <<END
set pagination off
set confirm off
set debuginfod enabled off
set breakpoint pending on
break stepped.rnet:$line
run
echo \n=backtrace\n
backtrace 1
echo \n=list\n
list $line,$line
echo \n=step\n
next
echo \n=other\n
tbreak body.backward
disable 1
continue
backtrace 1
echo \n=all\n
backtrace
END

# debug NAME WANTED-FUNCTION COMMAND…: from a folder where the source does not lie.
debug() {
    name=$1
    shift
    mkdir -p elsewhere
    (cd elsewhere && timeout 60 gdb -nx -batch -x ../commands.gdb --args "$@") >"$name.txt" 2>&1 ||
        fail "$name: gdb: $(tail -n 2 "$name.txt")"
    holds "$name" '^=backtrace' "^#0 .*body\.forward.*stepped\.rnet:$line\$"
    holds "$name" '^=list' "^$line	    branch W: dense"
    # the next line that it stops in is another one
    holds "$name" '^=step' '^1[0-3]	 *'
    # from inside the network out to whoever called it, through the core's frames
    holds "$name" '^=all' '^#[0-9]* .* in \(rn_run[a-z0-9_]*\|rn_backward[a-z0-9_]*\) '
    holds "$name" '^=all' '^#[0-9]* \(.* in \)\{0,1\}\(rt_\)\{0,1\}main '
    ! sed -n '/^=all/,$p' "$name.txt" | grep -q ' in ?? ()' ||
        fail "$name: a frame is lost: $(sed -n '/^=all/,$p' "$name.txt")"
    ! grep -qi 'warning: section' "$name.txt" || fail "$name: $(grep -i warning: "$name.txt")"
}

# holds NAME MARK PATTERN: a line behind the mark.
holds() {
    sed -n "/$2/,/^=[a-z]/{ /^$/d; p; }; /$2/,\$p" "$1.txt" | grep -q "$3" ||
        fail "$1: no '$3' behind $2: $(sed -n "/$2/,\$p" "$1.txt" | head -n 4)"
}

mkdir -p sources
cp "$source" sources/stepped.rnet
for level in 0 2; do
    "$rnetc" -g -O$level --cpu=native sources/stepped.rnet -o exe$level
    debug exe$level "$PWD/exe$level" train --quiet --threads 1
    holds exe$level '^=other' '^#0 .*body\.backward.*stepped\.rnet:'
done
debug run "$rnetc" run -g "$PWD/sources/stepped.rnet" train --quiet --threads 1
holds run '^=other' '^#0 .*body\.backward.*stepped\.rnet:'

# The object to embed, in somebody else's program.
"$rnetc" -g -O1 -c sources/stepped.rnet -o stepped.o
cat >host.c <<'END'
#include "stepped.h"
#include <stdlib.h>
int main(void)
{
    float x[4] = {1, 2, 3, 4}, y[4] = {0};
    void *params = aligned_alloc(64, (stepped_params_size(NULL) + 63) / 64 * 64);
    size_t init = stepped_workspace_size(NULL, 1, STEPPED_INIT, 1);
    size_t step = stepped_workspace_size(NULL, 1, STEPPED_GRADIENT, 1);
    void *workspace = aligned_alloc(64, ((init > step ? init : step) + 63) / 64 * 64);
    void *gradient = aligned_alloc(64, (stepped_params_size(NULL) + 63) / 64 * 64);
    return stepped_init(NULL, params, NULL, 1, workspace, NULL) ||
           stepped_forward(NULL, params, x, y, 1, workspace, NULL) ||
           stepped_gradient(NULL, params, NULL, x, x, 1, gradient, workspace, NULL, NULL);
}
END
"$cc" -I. host.c stepped.o -lm -o host
debug host "$PWD/host"
holds host '^=other' '^#0 .*body\.backward.*stepped\.rnet:'

# The results of a program with line tables are those of one without.
"$rnetc" --cpu=native sources/stepped.rnet -o plain
./plain train --quiet --save plain.safetensors >out.txt
./exe2 train --quiet --save debug.safetensors >out.txt
cmp plain.safetensors debug.safetensors || fail "-g changes results"
finish
