#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# Each way to stop a run, on a table of numbers: stop.sh LIB RNETC SOURCE.
# shellcheck source=/dev/null
. "$1"
rnetc=$2 source=$3

"$rnetc" -O0 --cpu=native "$source" -o features
awk 'BEGIN { print "a,b,c,y"
    for (i = 1; i <= 60; i++)
        printf "%g,%g,%g,%g\n", i % 7, (i * i) % 11, 2.5, (i % 7) - 0.5 * ((i * i) % 11) }' \
    >features.csv

# train NAME OPTION…: the checkpoint NAME.safetensors.
train() {
    name=$1
    shift
    ./features train --data . --quiet --save "$name.safetensors" "$@" >"$name.txt"
}

same() {
    cmp whole.safetensors "$1.safetensors" || fail "$1: not the bits of the uncut run"
}

train whole --threads 1
train twice --threads 1
same twice
train threads --threads 2
same threads
train seed --seed 7
! cmp -s whole.safetensors seed.safetensors || fail "the seed does not matter"

# 60 rows, less 12 to test and 9 to validate: 6 steps an epoch, the last one short; 400 epochs.
grep -q '^test_rmse=' whole.txt || fail "no last line: $(cat whole.txt)"
# A shorter run is the beginning of a longer one only where the rate does not know the length.
"$rnetc" -O0 --cpu=native -D flat=1 "$source" -o flat
flat() {
    ./flat train --data . --quiet --save "$1.safetensors" --iterations "$2" --resume auto >/dev/null
}
flat flat 2395
for steps in 1 5 6 7 100 2394 2395; do
    flat steps $steps
done
cmp flat.safetensors steps.safetensors || fail "seven pieces differ from one run"
train none --iterations 0
train none --resume auto --iterations 0
train first --resume auto # nothing to resume from: it begins
same first

# A signal writes the checkpoint; the run goes on to the same end, from either name.
signal_once() {
    rm -f log.jsonl "$signal.safetensors"
    # a shell's background job ignores SIGINT; env gives the program the default back
    env --default-signal=INT ./features train --data . --quiet --save "$signal.safetensors" \
        --log log.jsonl --log-every 1 2>err.txt &
    child=$!
    wait_for_lines log.jsonl 9 $child
    status=0
    kill -s "$signal" $child
    wait $child || status=$?
}
for signal in TERM INT USR1; do
    # on a busy machine the run may be over before this script goes on
    for attempt in 1 2 3 4 5; do
        signal_once
        [ "$status" -eq 0 ] || cmp -s whole.safetensors "$signal.safetensors" || break
        echo "SIG$signal came too late in attempt $attempt"
    done
    [ "$status" -eq 75 ] || fail "SIG$signal with --save: status $status, wanted 75"
    grep -qF "$signal.safetensors" err.txt || fail "SIG$signal: the message names no checkpoint"
    ! cmp -s whole.safetensors "$signal.safetensors" || fail "SIG$signal came too late to test"
    cp "$signal.safetensors" "$signal-file.safetensors"
    train "$signal" --resume auto
    same "$signal"
    train other --resume "$signal-file.safetensors"
    same other
    rm other.safetensors
done

# Without --save a signal ends the program as usual.
for pair in TERM:143 INT:130 USR1:138; do
    signal=${pair%:*} status=0
    rm -f log.jsonl
    env --default-signal=INT ./features train --data . --quiet --epochs 100000000 \
        --log log.jsonl --log-every 1 >out.txt 2>err.txt &
    child=$!
    wait_for_lines log.jsonl 3 $child
    kill -s "$signal" $child
    wait $child || status=$?
    [ $status -eq "${pair#*:}" ] || fail "SIG$signal without --save: status $status"
done

# A checkpoint of another seed is not gone on with.
expect 2 seed ./features train --data . --resume TERM-file.safetensors --seed 9
expect 2 --save ./features train --data . --resume auto
expect 4 nowhere.safetensors ./features train --data . --resume nowhere.safetensors

# A step that leaves no finite weights writes no checkpoint over a good one, where no validation
# finds them first.
grep -v '^ *validation' "$source" >blind.rnet
"$rnetc" -O0 --cpu=native blind.rnet -o blind
cp whole.safetensors good.safetensors
expect 3 'a weight is not finite' ./blind train --data . --quiet --save good.safetensors \
    --set lr0=1e300 --iterations 1
cmp whole.safetensors good.safetensors || fail "a bad checkpoint over a good one"

# A signal in the last step of an epoch, here in every step, leaves a log like any other: each
# epoch once, with its rate.
epochs=200000
printf '%s\n' 'model { input x[2]; dense(2) }' \
    "train { data rotation(dim = 2, train = 8, test = 4); loss mse; batch 8; epochs $epochs" \
    "  optimizer sgd(lr = 1e-9) }" >ends.rnet
"$rnetc" -O0 --cpu=native ends.rnet -o ends
status=75 stops=0
: >ends.csv
while [ $status -eq 75 ]; do
    lines=$(($(wc -l <ends.csv) + 100))
    ./ends train --quiet --save ends.safetensors --resume auto --log ends.csv >out.txt 2>err.txt &
    child=$!
    [ $stops -gt 2 ] || wait_for_lines ends.csv $lines $child
    [ $stops -gt 2 ] || kill -s TERM $child
    status=0
    wait $child || status=$?
    stops=$((stops + (status == 75)))
done
[ "$status $stops" = "0 3" ] || fail "stopped $stops times, then $status"
awk -F, 'NR > 1 && $9 < last { print; bad = 1 } { last = $9 + 0 } END { exit bad }' ends.csv \
    >bad.txt || fail "seconds that go back: $(head -n 1 bad.txt)"
awk -F, -v epochs=$epochs 'NR > 1 && ($2 != NR - 1 || $4 != 1e-9) { print; bad = 1 }
    END { exit bad || NR != epochs + 1 }' ends.csv >bad.txt || fail "odd rows: $(head -n 3 bad.txt)"

# Nothing left to do is said, and a log goes on where it ends, torn or not.
./ends train --save ends.safetensors --resume auto --log ends.csv >out.txt
grep -q "^already at epoch $epochs of $epochs, step $epochs of $epochs: nothing to do" out.txt ||
    fail "nothing to do, but: $(head -n 1 out.txt)"
./ends train --json --save ends.safetensors --resume auto >out.txt
! grep -q already out.txt || fail "words among JSON"
printf '{"kind": "epoch", "epoch": %d, "step": %d, "seconds": 5000}\n{"kind": "ep' \
    $epochs $epochs >ends.jsonl
./ends train --quiet --resume ends.safetensors --epochs $((epochs + 1)) --log ends.jsonl >out.txt
next=$(printf '{"kind": "epoch", "epoch": %d, .*"seconds": 5000' $((epochs + 1)))
tail -n 1 ends.jsonl | grep -q "^$next" ||
    fail "seconds begin again: $(tail -n 1 ends.jsonl)"

# A resumed run may take other params from there on, but not for the draw of its weights. Those that
# it has may be said again: one command line both begins a run and goes on with it.
expect 0 '' ./features train --data . --quiet --set lr0=0.0123 --iterations 3 --resume auto \
    --save kept.safetensors
cp kept.safetensors before.safetensors
expect 2 '--set spread=1: the weights of kept.safetensors were drawn with 2' \
    ./features train --data . --quiet --set spread=1 --resume auto --save kept.safetensors
expect 2 '--set: a resumed run keeps the seed and the samples for validation and test of kept' \
    ./features train --data . --quiet --set held=0.1 --resume auto --save kept.safetensors
cmp before.safetensors kept.safetensors || fail "a refused run wrote its checkpoint"
expect 0 '' ./features train --data . --quiet --set lr0=0.1 --iterations 6 \
    --resume kept.safetensors --save other.safetensors
grep -q '"param.lr0":"0.1' other.safetensors || fail "a new learning rate was not taken"
expect 0 '' ./features train --data . --quiet --set lr0=0.0123 --iterations 6 --resume auto \
    --save kept.safetensors
grep -q '"param.lr0":"0.0123' kept.safetensors || fail "the param was not kept"
[ "$(tail -c 200 kept.safetensors | cksum)" != "$(tail -c 200 other.safetensors | cksum)" ] ||
    fail "a new learning rate changed nothing"

# A run that its own rules have ended is not gone on with: the file stays as it is.
for rule in 'patience(1)' 'loss < 1e9'; do
    printf '%s\n' 'model { input x[2]; dense(2) }' \
        "train { data rotation(dim = 2, train = 8, test = 4); loss mse; batch 8; epochs 9" \
        "  optimizer sgd(lr = 1e-9); stop $rule }" >patient.rnet
    "$rnetc" -O0 --cpu=native patient.rnet -o patient
    ./patient train --quiet --save patient.safetensors >out.txt
    cp patient.safetensors ended.safetensors
    ./patient train --save patient.safetensors --resume auto >out.txt
    grep -q '^a stop rule has ended this run after epoch' out.txt || fail "stop $rule: nothing said"
    cmp ended.safetensors patient.safetensors || fail "stop $rule: resumed after its end"
done

# A test set that takes its time, behind a run of one step: a terminal shows how far its scoring is,
# and a signal leaves it out.
printf '%s\n' 'model { input x[2]; residual depth 10000 { alpha 1e-4; branch dense(2) -> tanh } }' \
    "train { data rotation(dim = 2, train = 8, test = 100000); loss mse; batch 8; iterations 1" \
    "  optimizer sgd(lr = 1e-9) }" >scored.rnet
"$rnetc" -O0 --cpu=native -Wno-regime scored.rnet -o scored
script -qec './scored train' typescript </dev/null >out.txt
tr '\r' '\n' <out.txt >lines.txt
grep -Eq '^testing [0-9]+/100000 *$' lines.txt || fail "no progress: $(head -n 3 lines.txt)"
sed -n '/^testing/,$p' lines.txt | grep -q '^test_rmse=' || fail "no scores behind the progress"
env --default-signal=INT ./scored train --save scored.safetensors >out.txt 2>err.txt &
child=$! status=0
wait_for_lines out.txt 1 $child
kill -s INT $child
wait $child || status=$?
[ $status -eq 75 ] || fail "SIGINT while the test set is scored: status $status, wanted 75"
grep -qF 'before the test set was scored; the run is finished, and eval --load scored.safetensors' \
    err.txt || fail "a stop while scoring: $(cat err.txt)"
! grep -q '^test_' out.txt || fail "scores in spite of the signal"
./scored train --save scored.safetensors --resume auto >out.txt
grep -q '^already at epoch' out.txt || fail "the run was not finished: $(head -n 1 out.txt)"
grep -q '^test_rmse=' out.txt || fail "no scores of a finished run"
finish
