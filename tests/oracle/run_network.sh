#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# Compiles one network, links its object with the harness, and holds it against the oracle.
#
#     run_network.sh RNETC NETWORK FOLDER RNETC-OPTIONS COMPILER LINK-WORD…
#
# Lines `# rnetc: …` and `# harness: …` of the network are options for the one and the other.
set -eu
rnetc=$1 network=$2 folder=$3 options=$4
shift 4
name=$(basename "$network" .rnet)
options="$options $(sed -n 's/^# rnetc: //p' "$network")"
arguments=$(sed -n 's/^# harness: //p' "$network")

rm -rf "$folder"
mkdir -p "$folder"
# shellcheck disable=SC2086 # lists of words
"$rnetc" $options --dump=model "$network" >"$folder/model.txt"
# shellcheck disable=SC2086
"$rnetc" $options -save-temps "$network" -o "$folder/$name"

compiler=$1
shift
"$compiler" "$folder/$name.o" "$@" -o "$folder/harness"
cd "$folder"
# shellcheck disable=SC2086
exec ./harness model.txt $arguments --write .
