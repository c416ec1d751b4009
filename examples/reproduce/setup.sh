#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# What the scripts of this folder share; they read it with their own arguments. It builds rnetc in
# build/, or takes it from $RNET_BUILD, and goes to a folder for the results: build/reproduce/NAME,
# or $RNET_RESULTS/NAME. Of the arguments, -D NAME=VALUE, -O0 and --cpu=NAME are for rnetc; all
# others are handed to the programs: --repeat 5, --threads 1, --set L=100.
set -eu

name=$(basename "$0")
case $0 in */*) cd "$(dirname "$0")/../.." ;; esac
sources=$PWD/examples
build=${RNET_BUILD:-$PWD/build}
results=${RNET_RESULTS:-$PWD/build/reproduce}/$name

defines=
options=
while [ $# -gt 0 ]; do
    case $1 in
    -D) defines="$defines -D ${2:?-D wants NAME=VALUE}"; shift ;;
    -O* | --cpu=*) defines="$defines $1" ;;
    *) options="$options $1" ;;
    esac
    shift
done

if [ -z "${RNET_BUILD:-}" ]; then
    tests/install-packages build data
    cmake -S . -B "$build" -G Ninja -DCMAKE_BUILD_TYPE=Release -DRNET_TESTS=OFF >/dev/null
    cmake --build "$build" --target rnetc reproduce_draw
fi
mkdir -p "$results"
cd "$results"
trap '[ $? -eq 0 ] || echo "$name: stopped; what is there so far lies in $results" >&2' EXIT

# program SOURCE NAME [-D …]: compiles examples/SOURCE.rnet; later -D replace earlier ones.
program() {
    source=$sources/$1.rnet
    target=$2
    shift 2
    # shellcheck disable=SC2086 # a list of words
    "$build/rnetc" -Wno-regime "$source" -o "$target" "$@" $defines
}

# given COMMAND …: with the options that the script was given.
given() {
    # shellcheck disable=SC2086 # a list of words
    "$@" $options
}

# run PROGRAM COMMAND …: the same, and says so.
run() {
    echo "==> $*"
    program=$1
    shift
    given "./$program" "$@"
}

# analyze SOURCE [-D …]: JSON of what theory says.
analyze() {
    source=$sources/$1.rnet
    shift
    # shellcheck disable=SC2086 # a list of words
    "$build/rnetc" --analyze --json -Wno-regime "$source" "$@" $defines
}

# number KEY: the first number behind that key in the JSON text on standard input; - for null.
number() {
    grep -o "\"$1\":[[:space:]]*[^,}[:space:]]*" | head -n 1 | sed 's/.*:[[:space:]]*//; s/null/-/'
}

# draw FILE.svg TITLE SUBTITLE X Y LOG [LABEL=AT …]: a picture of the rows on standard input.
draw() {
    "$build/examples/reproduce/reproduce_draw" "$@"
    echo "  $results/$1"
}

finish() {
    echo "$name: tables, pictures and weights lie in $results"
}
