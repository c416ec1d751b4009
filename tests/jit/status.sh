#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# Whose words are whose, and what `rnetc run` ends with: status.sh LIB RNETC SOURCE.
# shellcheck source=/dev/null
. "$1"
rnetc=$2 source=$3
awk 'BEGIN { print "a,b,c,y"
    for (i = 1; i <= 60; i++) printf "%g,%g,%g,%g\n", i % 7, (i * i) % 11, 2.5, i % 5 }' \
    >features.csv

# What the compiler says, and its own status.
expect 1 'E0001' "$rnetc" run nowhere.rnet train
echo 'model { inptu x[3] }' >broken.rnet
expect 1 'error' "$rnetc" run broken.rnet train
expect 2 'no .rnet file is named' "$rnetc" run
expect 2 'unknown option' "$rnetc" run --no-such "$source" train
expect 1 'E0601' "$rnetc" run --cpu=nonsense "$source" info
for option in '-o x' --emit=asm -c --check --analyze --dump=plan -M -MD --sanitize=thread \
    -save-temps; do
    # shellcheck disable=SC2086 # a list of words
    expect 2 'does not go with' "$rnetc" run $option "$source" info
done
[ ! -e x ] || fail "a refused run wrote a file"

# What the program says, and its status.
run() {
    "$rnetc" run -O0 "$@"
}
expect 2 '' run "$source"
expect 2 'no option --no-such' run "$source" train --no-such
expect 2 'no option -O1' run "$source" info -O1
expect 2 'RNET_ISA=nonsense' env RNET_ISA=nonsense "$rnetc" run -O0 "$source" info
expect 4 'features.csv' run "$source" train --data /
expect 3 'not finite' run "$source" train --data . --quiet --set lr0=1e300 --iterations 9
expect 0 '' run "$source" info
"$rnetc" run -O0 - info <"$source" >out.txt || fail "a source from standard input"
grep -q '^model' out.txt || fail "a source from standard input has the name: $(head -n 1 out.txt)"

# Words behind the file are the program's as they stand; those before it may come from a file.
printf '%s\n' '-O0 -D flat=1' >before.txt
expect 4 '@nowhere.csv' "$rnetc" run @before.txt "$source" predict --load @nowhere.csv
printf '%s\n' "run -O0 '$source' info" >all.txt
"$rnetc" @all.txt --json >out.txt || fail "a whole command from a file"

# Warnings come first and do not stop it.
printf '%s\n' 'model { input x[2]' \
    'residual depth 500 { alpha depth^-1; branch dense(2) -> tanh }' \
    'dense(2) }' 'train { data rotation(dim = 2, train = 8, test = 4); loss mse' \
    '  optimizer sgd(lr = 0.01); batch 8; epochs 1 }' >warned.rnet
expect 0 'W0901' run warned.rnet train
grep -q '^test_' out.txt || fail "a warning stopped the program"
expect 1 'W0901' run -Werror warned.rnet train

# A signal after a checkpoint.
for pair in TERM:75 INT:75; do
    rm -f log.jsonl
    # a shell's background job ignores SIGINT; env gives the program the default back
    env --default-signal=INT "$rnetc" run -O0 "$source" train --data . --quiet \
        --epochs 1000000 --save stopped.safetensors --log log.jsonl --log-every 1 2>err.txt &
    child=$!
    wait_for_lines log.jsonl 3 $child
    status=0
    kill -s "${pair%:*}" $child
    wait $child || status=$?
    [ $status -eq "${pair#*:}" ] || fail "SIG${pair%:*}: status $status"
    grep -qF stopped.safetensors err.txt || fail "SIG${pair%:*}: the message names no checkpoint"
done

# A full disk.
status=0
run "$source" info >/dev/full 2>err.txt || status=$?
[ $status -eq 1 ] || fail "a full standard output: status $status"
[ "$(wc -l <err.txt)" -eq 1 ] || fail "a full standard output: $(cat err.txt)"

# Nothing is left but what was asked for.
ls >left.txt
! grep -qE '\.o$|features$|^model' left.txt || fail "files were left: $(cat left.txt)"
finish
