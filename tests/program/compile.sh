#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# What rnetc writes, where, and what it leaves when it fails: compile.sh LIB RNETC SOURCE.
# One instruction set where the code does not matter: that compiles faster.
# shellcheck source=/dev/null
. "$1"
rnetc=$2
cp "$3" tiny.rnet

quick() {
    "$rnetc" -O0 --cpu=baseline "$@"
}

# refused STATUS TEXT ARGUMENT…: says TEXT, and neither an output nor a temporary appears.
refused() {
    status=$1 text=$2
    shift 2
    ls >before.list
    expect "$status" "$text" "$rnetc" --cpu=baseline "$@"
    rm -f out.txt err.txt
    ls >after.list
    diff before.list after.list || fail "a failed run left files: $*"
}
: >before.list
: >after.list

# ---- outputs and temporaries ----

quick tiny.rnet || fail "no -o: the stem names the program"
[ -x tiny ] || fail "no program of the stem's name"
[ ! -e tiny.o ] || fail "an object was left"
quick -save-temps tiny.rnet -o kept
[ -s kept.o ] || fail "-save-temps kept no object"
quick -save-temps tiny.rnet -o again
cmp kept.o again.o || fail "the same input gives other objects"
cmp kept again || fail "the same input gives other programs"
"$rnetc" -O1 -save-temps tiny.rnet -o all || fail "every set, and its object kept"
"$rnetc" -O1 tiny.rnet -o many || fail "every set"
cmp all many || fail "one object and several give other programs"
cpu=$(taskset -cp $$ | sed "s|.*: ||; s|[-,].*||")
taskset -c "$cpu" "$rnetc" -O1 tiny.rnet -o one || fail "on one processor"
cmp many one || fail "the program depends on the number of processors"
[ "$(find . -name 'many.o*' -o -name 'all.o?*' -o -name 'one.o*' | wc -l)" -eq 0 ] ||
    fail "objects were left"
quick --emit=asm tiny.rnet -o - >asm.txt || fail "no assembly on standard output"
grep -q 'region0_forward_baseline:' asm.txt || fail "that is no assembly"
quick --emit=asm tiny.rnet || fail "no assembly in a file"
cmp asm.txt tiny.s || fail "a file and standard output get different assembly"
quick --emit=llvm tiny.rnet -o - >llvm.txt || fail "no IR on standard output"
grep -q '^define.*@region0_forward_baseline' llvm.txt || fail "that is no IR"
quick - -o standard <tiny.rnet || fail "standard input is not read"
./standard train --quiet >/dev/null || fail "a program from standard input does not run"
refused 1 'standard output' tiny.rnet -o -
quick -v tiny.rnet -o verbose 2>verbose.txt
grep -q 'librnet_rt\.a' verbose.txt || fail "-v does not show how it links"
quick tiny.rnet -o quiet 2>quiet.txt
[ ! -s quiet.txt ] || fail "it speaks without -v"
"$rnetc" --check tiny.rnet -o checked || fail "--check of a good file"
[ ! -e checked ] || fail "--check wrote something"

printf 'model {\ninput x[4]\nresidual depth 3 {\nbranch dense(4)\n}\ndense(2)\n}\n' >bare.rnet
quick bare.rnet -o bare || fail "a network without blocks"
./bare probe | grep -q '^gradient_ratio' || fail "no gradients of a network without blocks"

# ---- failures leave nothing ----

cp tiny.rnet source
refused 1 'it is the source' source
refused 1 'it is the source' tiny.rnet -o ./tiny.rnet
cmp source tiny.rnet || fail "a source was written over"

CC=false
export CC
refused 1 "linking with \`false\`" tiny.rnet -o none
CC='no-such-compiler'
refused 1 no-such-compiler tiny.rnet -o none
cp kept old
refused 1 'cannot run' tiny.rnet -o old
cmp kept old || fail "a failed link touched the old program"
unset CC
(CC='cc -s' && export CC && quick tiny.rnet -o stripped) || fail "CC with an option"
refused 1 'nowhere/none' tiny.rnet -o nowhere/none
refused 1 'nowhere/none' --emit=asm tiny.rnet -o nowhere/none
refused 1 'tiny.rnet/none' tiny.rnet -o tiny.rnet/none
mkdir -p folder
refused 1 folder tiny.rnet -o folder
mkfifo pipe
refused 1 "a device or a pipe" tiny.rnet -o pipe
[ -p pipe ] || fail "a program replaced a pipe"
refused 1 missing.rnet missing.rnet -o none
sed 's/dense(d)/dense(wide)/' tiny.rnet >wrong.rnet
refused 1 'wrong.rnet:8:' wrong.rnet -o none
sed 's/alpha .*/alpha depth^-1/' tiny.rnet >warned.rnet
"$rnetc" --check warned.rnet 2>warned.txt || fail "a warning is an error"
grep -q 'W09' warned.txt || fail "no warning of the regime"
refused 1 regime -Werror warned.rnet -o none

# ---- dependencies ----

rule() {
    printf '%s\n' "$1" | cmp - "$2" || fail "not the rule '$1': $(cat "$2")"
}
"$rnetc" -M tiny.rnet >m.txt
rule 'tiny: tiny.rnet' m.txt
"$rnetc" -M tiny.rnet -o else >m.txt
rule 'else: tiny.rnet' m.txt
[ ! -e else ] || fail "-M compiled"
"$rnetc" -M -MF m.d tiny.rnet
rule 'tiny: tiny.rnet' m.d
quick -MD tiny.rnet -o dep
rule 'dep: tiny.rnet' dep.d
quick -MD -MF other.d -MT 'my target' tiny.rnet -o dep
rule 'my\ target: tiny.rnet' other.d
# what is no file has no neighbour: the rule lies where the file would
quick -c -MD tiny.rnet -o - >dep.o
rule 'tiny.o: tiny.rnet' tiny.o.d
[ ! -e ./-.d ] || fail "-MD beside standard output"
mkfifo dep.pipe
cat dep.pipe >dep.o &
rm tiny.o.d
quick -c -MD tiny.rnet -o dep.pipe
wait
rule 'tiny.o: tiny.rnet' tiny.o.d
[ ! -e dep.pipe.d ] || fail "-MD beside a pipe"

# ---- names ----

for name in 1st while class; do
    cp tiny.rnet $name.rnet
    refused 1 E0005 $name.rnet -o none
    refused 1 '--prefix' $name.rnet -o none
    quick --prefix "m_$name" $name.rnet -o named || fail "--prefix does not mend $name"
    ./named --version | grep -q "^m_$name " || fail "the program is not named m_$name"
done
cp tiny.rnet 'odd name-2.rnet'
quick 'odd name-2.rnet' -o named || fail "a name of other characters"
./named --version | grep -q '^odd_name_2 ' || fail "other characters do not become _"
refused 1 E0005 --prefix 2nd tiny.rnet -o none

# the longest names: a checkpoint finds all of them again, those of moments too
name=$(printf 'n%.0s' $(seq 200))
cat >longest.rnet <<END
param $name = 3
model {
  input x[4]
  residual b$name depth 3 { branch w$name: dense(4) -> tanh; alpha learned(0.1) }
}
train { data rotation(4); loss mse; optimizer adam; batch $name; iterations 2 }
END
refused 1 'E0112' longest.rnet -o none
sed "s/[bw]$name/$name/g" longest.rnet >most.rnet
quick --prefix "$name" most.rnet -o most
./most train --save most.safetensors --quiet >/dev/null
./most eval --load most.safetensors >/dev/null || fail "names of 200 bytes in a checkpoint"
./most train --resume most.safetensors --iterations 3 --quiet >/dev/null ||
    fail "names of 200 bytes in a checkpoint with moments"

# ---- definitions and files of arguments ----

quick -D d=6 -DL=7 tiny.rnet -o defined
./defined info >info.txt
grep -q '^tiny: 6 numbers in, 6 out' info.txt || fail "-D d=6 was not heard"
grep -Eq '^L +7 ' info.txt || fail "-DL=7 was not heard"
refused 2 NAME=VALUE -D d tiny.rnet -o none
refused 2 NAME=VALUE -D =3 tiny.rnet -o none
refused 1 'not a number' -D d=x tiny.rnet -o none
refused 1 E0215 -D nope=1 tiny.rnet -o none
refused 1 'outside its range' -D L=0 tiny.rnet -o none
refused 1 'must be at least 1' -D d=0 tiny.rnet -o none
refused 1 'must be an integer' -D d=2.5 tiny.rnet -o none
refused 1 'must be at most' -D d=1e30 tiny.rnet -o none
printf '%s\n' '-D d=5' "-o 'from file'" >arguments
quick @arguments tiny.rnet || fail "@FILE"
"./from file" info | grep -q '5 numbers in' || fail "@FILE was not read"
refused 2 nowhere.txt @nowhere.txt tiny.rnet -o none
echo @self >self
refused 2 'nested too deeply' @self tiny.rnet -o none

# ---- CPUs ----

refused 1 'unknown CPU' --cpu=bogus tiny.rnet -o none
for cpu in baseline:baseline x86-64-v3:avx2 x86-64-v4:avx512; do
    "$rnetc" -O0 --cpu=${cpu%:*} tiny.rnet -o one || fail "--cpu=${cpu%:*}"
    expect 2 "code for ${cpu#*:}" env RNET_ISA=nonsense ./one info
done
"$rnetc" --cpu=native tiny.rnet -o native
"$rnetc" tiny.rnet -o whole
expect 2 'code for avx512, avx2, baseline' env RNET_ISA=nonsense ./whole info
./native train --quiet --save native.safetensors >/dev/null || fail "a native program does not run"
./whole train --quiet --save whole.safetensors >/dev/null
cmp native.safetensors whole.safetensors || fail "native code computes something else"

# ---- optimisation: the same bits ----

for level in 0 1 2 3; do
    "$rnetc" -O$level --cpu=native tiny.rnet -o level
    ./level train --quiet --save level.safetensors >/dev/null
    cmp level.safetensors whole.safetensors || fail "-O$level computes something else"
done

# ---- line tables ----

# The branch stands in line 8, the last layer in line 10.
quick -g -save-temps tiny.rnet -o lines
objdump --dwarf=decodedline lines.o >lines.txt
for line in 8 10; do
    grep -Eq "^tiny\\.rnet +$line " lines.txt || fail "no code of line $line in the line table"
done
objdump --dwarf=decodedline kept.o | grep -q 'tiny\.rnet  ' && fail "a line table without -g"
finish

# ---- a long line, many quantities: time grows like the file, not like its square ----

awk 'BEGIN {
    printf "model { input x[8]; "
    for (i = 0; i < 100000; i++) printf "tanh(); "
    printf "}\nprobe { data gaussian; measure forward_ratio"
    for (i = 1; i < 50000; i++) printf ", forward_ratio^%d", i
    print " }"
}' >long.rnet
expect 1 '49801 more messages are not shown' timeout 8 "$rnetc" --check long.rnet
