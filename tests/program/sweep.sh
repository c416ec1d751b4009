#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# Sweeps against the commands that do one cell, and against themselves, cut in every way:
# sweep.sh LIB RNETC SOURCE.
# shellcheck source=/dev/null
. "$1"
rnetc=$2 source=$3

"$rnetc" -O1 --cpu=native "$source" -o sweep

# value FILE KEY NUMBER: the NUMBER-th value behind that key in a JSON text.
value() {
    grep -o "\"$2\":[[:space:]]*[^,}[:space:]]*" "$1" | sed "s/.*:[[:space:]]*//" | sed -n "$3p"
}

# Equal but for the last bit, which the writer of JSON leaves out where that makes a number shorter.
equal() {
    awk -v a="$1" -v b="$2" 'BEGIN {
        d = a - b; d = d < 0 ? -d : d; m = b < 0 ? -b : b
        exit !(a != "" && b != "" && d <= 2.220446049250313e-16 * m) }' || fail "$3: $1, wanted $2"
}

# Every cell is what probe says of it.
./sweep sweep phase --threads 2 >out.txt
[ "$(wc -l <phase.csv)" -eq 8 ] || fail "phase.csv: $(wc -l <phase.csv) lines"
tail -n +3 phase.csv | while IFS=, read -r beta H change e1 n1 ratio e2 n2 norm e3 n3; do
    ./sweep probe --set "beta=$beta" --set "H=$H" --repeat 3 --json >cell.json
    equal "$change" "$(value cell.json mean 1)" "forward_change at $beta, $H"
    equal "$ratio" "$(value cell.json mean 2)" "gradient_ratio at $beta, $H"
    equal "$norm" "$(value cell.json mean 3)" "max_norm at $beta, $H"
    equal "$e1" "$(value cell.json standard_error 1)" "error at $beta, $H"
    equal "$e2" "$(value cell.json standard_error 2)" "error at $beta, $H"
    equal "$e3" "$(value cell.json standard_error 3)" "error at $beta, $H"
    [ "$n1$n2$n3" = 333 ] || fail "counts at $beta, $H: $n1 $n2 $n3"
    [ "${failures:?}" -eq 0 ]
done || fail "cells differ from probe"
for picture in phase-gradient_ratio.svg phase-log10_forward_change.svg; do
    [ -s $picture ] || fail "no $picture"
done

# The number of threads, and another run, change nothing.
mv phase.csv whole.csv
for threads in 1 5; do
    ./sweep sweep phase --threads $threads --quiet >out.txt
    cmp whole.csv phase.csv || fail "$threads threads: another table"
    rm phase.csv
done

# What is there is kept, in any order, and a torn line is not a row.
{ sed -n 1,2p whole.csv; sed -n 7p whole.csv; sed -n 4p whole.csv; printf '0.5,0.'; } >phase.csv
./sweep sweep phase --quiet >out.txt
cmp whole.csv phase.csv || fail "continued: another table"
for bytes in 0 1 20 60 150; do
    head -c $bytes whole.csv >phase.csv
    ./sweep sweep phase --quiet >out.txt
    cmp whole.csv phase.csv || fail "continued from $bytes bytes: another table"
done

# Another table is left alone.
cp phase.csv before.csv
for option in --set=L=7 --seed=3 --repeat=4 --set=H=0.3; do
    expect 4 'other settings' ./sweep sweep phase "$option"
done
cmp before.csv phase.csv || fail "a refused table was touched"
refuse() {
    cp phase.csv bad.bytes
    expect 4 "$1" ./sweep sweep phase
    cmp bad.bytes phase.csv || fail "a bad table was touched: $1"
}
echo 'a,b' >phase.csv && refuse 'no table'
printf 'x\0y\n' >phase.csv && refuse 'no text'
sed '4s/^[0-9.]*/0.123/' whole.csv >phase.csv && refuse 'line 4'
sed '5s/,/,,/' whole.csv >phase.csv && refuse 'line 5'
sed '5s/$/,1/' whole.csv >phase.csv && refuse 'line 5'
sed '3s/3$/3x/' whole.csv >phase.csv && refuse 'line 3'
{ cat whole.csv; sed -n '3s/3$/2/p' whole.csv; } >phase.csv && refuse 'another row'
rm phase.csv

# Parts, run by option or by a job array, make the whole.
./sweep sweep phase --shard 1/2 --quiet >out.txt
SLURM_ARRAY_TASK_ID=7 SLURM_ARRAY_TASK_COUNT=2 SLURM_ARRAY_TASK_MIN=4 SLURM_ARRAY_TASK_STEP=3 \
    ./sweep sweep phase --quiet >out.txt
[ ! -e phase.csv ] || fail "a part wrote the whole table"
expect 1 'has 3 of 6 cells' ./sweep sweep phase --merge phase.2-of-2.csv
rm phase.csv
./sweep sweep phase --quiet --merge phase.2-of-2.csv phase.1-of-2.csv >out.txt
cmp whole.csv phase.csv || fail "merged: another table"
expect 2 '1 to N' ./sweep sweep phase --shard 3/2
expect 2 'excl' ./sweep sweep phase --shard 1/2 --merge phase.csv
expect 4 nowhere.csv ./sweep sweep phase --merge nowhere.csv
expect 2 'unexpected' ./sweep sweep phase law

# One value of an axis; another place for the table.
./sweep sweep phase --set H=0.8 --output other.csv --quiet >out.txt
[ "$(tail -n +3 other.csv)" = "$(grep -E '^[0-9.]*,0\.8,' whole.csv)" ] || fail "--set of an axis"
[ -s other-gradient_ratio.svg ] || fail "no picture beside other.csv"

# alpha = L^-beta is a power law without error.
./sweep sweep law --json >law.json
equal "$(printf '%.6f' "$(value law.json slope 1)")" -0.500000 "slope"
equal "$(printf '%.6f' "$(value law.json slope 2)")" -1.000000 "slope"
[ -s law-max_norm_alpha.svg ] || fail "no picture of the law"

# Theory is drawn where there is one.
for sweep in curve one; do
    for hurst in 0.5 0.7; do
        ./sweep sweep $sweep --set H=$hurst --output $sweep$hurst --quiet >out.txt
    done
    cmp -s $sweep*0.5*.svg $sweep*0.7*.svg && fail "$sweep: two networks, one picture"
    grep -q 'class="dash"' ${sweep}0.5-*.svg || fail "$sweep: no theory of independent weights"
    ! grep -q 'class="dash"' ${sweep}0.7-*.svg || fail "$sweep: theory of smooth weights"
done

# A trained cell is what train, eval and probe say; one that diverges does not end the sweep.
./sweep sweep rates --quiet >out.txt
row=$(grep '^0.1,1,' rates.csv)
./sweep train --set lr0=0.1 --set beta=1 --save m.safetensors --json >train.json
./sweep eval --load m.safetensors --json >eval.json
equal "$(echo "$row" | cut -d, -f3)" "$(value eval.json test_loss 1)" "test_loss after training"
equal "$(echo "$row" | cut -d, -f6)" "$(value train.json train_loss 1)" "loss of the training"
grep -q '^1e+30,1,nan,nan,0,nan,nan,0,nan,nan,0$' rates.csv || fail "no row of a diverged cell"
./sweep sweep rates --load m.safetensors --output loaded --set lr0=1 --set beta=1 --quiet >out.txt
equal "$(tail -n 1 loaded.csv | cut -d, -f3)" "$(value eval.json test_loss 1)" "a loaded network"

# best … over: the least loss of each beta.
for beta in 0.5 1; do
    least=$(awk -F, -v beta=$beta 'NR > 2 && $2 == beta && $3 != "nan" &&
        (least == "" || $3 + 0 < least + 0) { least = $3 } END { print least }' rates.csv)
    got=$(grep "^$beta," rates-best_test_loss.csv)
    [ "$(echo "$got" | cut -d, -f2)" = "$least" ] || fail "best at $beta: $got, wanted $least"
    grep -qF "$(echo "$got" | cut -d, -f4),$beta,$least," rates.csv || fail "best at $beta: $got"
done
# The learning rate of 1e30 is left out at both.
./sweep sweep rates >out.txt
grep -q '^test_loss .*beta=.*(left out, not finite: 2 of 6 cells)$' out.txt ||
    fail "best says nothing of cells that diverged: $(cat out.txt)"
grep -q '^loss .*(4 of 6 cells finite)$' out.txt || fail "cells that diverged: $(cat out.txt)"
./sweep sweep rates --json >rates.json
[ "$(value rates.json cells_left_out 1)$(value rates.json cells_left_out 2)" = 20 ] ||
    fail "cells left out in JSON: $(cat rates.json)"

# Stops of all kinds.
./sweep sweep long --quiet >out.txt
mv long.csv whole-long.csv
[ -s long-forward_ratio.svg ] || fail "no histogram"
for signal in KILL INT TERM; do
    env --default-signal=INT ./sweep sweep long --quiet >out.txt 2>err.txt &
    child=$!
    wait_for_lines long.csv 5 $child
    kill -s $signal $child
    status=0
    wait $child || status=$?
    [ $signal = KILL ] || [ $status -eq 75 ] || fail "SIG$signal: status $status"
    [ $signal = KILL ] || grep -q 'of 60 cells' err.txt || fail "SIG$signal: $(cat err.txt)"
    ! cmp -s whole-long.csv long.csv || fail "SIG$signal came too late to test"
    ./sweep sweep long --quiet >out.txt
    cmp whole-long.csv long.csv || fail "SIG$signal: another table after going on"
    rm long.csv
done

# A cell of many draws goes on where it was stopped, too.
./sweep sweep one --set L=2000 --repeat 1500 --output whole-many --quiet --threads 1 >out.txt
status=75 stops=0 kept=0
while [ $status -eq 75 ]; do
    status=0
    timeout --preserve-status -s TERM 0.$((2 + stops)) ./sweep sweep one --set L=2000 \
        --repeat 1500 --output many --quiet >out.txt 2>err.txt || status=$?
    # on a busy machine the signal may come before the program has begun
    [ $status -ne 143 ] || [ -e many.csv ] || status=75
    [ $status -eq 0 ] || stops=$((stops + 1))
    before=$kept kept=$(grep -c '^# cell 0 draw' many.csv || true)
    [ $status -eq 0 ] || [ "$kept" -ge "$before" ] || fail "draws were lost: $kept of $before"
done
[ $stops -gt 0 ] || fail "the sweep of one cell was not stopped"
[ $status -eq 0 ] || fail "status $status of a sweep that goes on"
cmp whole-many.csv many.csv || fail "stopped between draws: another table"
./sweep sweep one --set L=2000 --repeat 1500 --output many >out.txt
grep -q 'all cells are in many.csv already' out.txt || fail "a whole table: $(cat out.txt)"

# ---- quantities whose names are the same in files ----

cat >alike.rnet <<'END'
param b = 0.5
param r = 0.1
model { input x[4]; residual depth 2 { branch dense(4) -> tanh; alpha b } }
train { data rotation(dim = 4, train = 8, test = 4); loss mse; optimizer sgd(lr = r); epochs 1 }
sweep s {
  b in [0, 1]
  r in [0.1, 0.2]
  measure best test_loss over b, best test_loss over r, test_loss, 10*loss, 10/loss
  plot lines(x = b)
}
END
"$rnetc" -O0 --cpu=native alike.rnet -o alike
./alike sweep >out.txt
for file in best_test_loss.csv best_test_loss_2.csv test_loss_2.svg test_loss_3.svg 10_loss.svg \
    10_loss_2.svg; do
    [ "$(grep -c " s-$file\$" out.txt)" -eq 1 ] || fail "s-$file is not written once"
done
head -n 1 s-best_test_loss.csv | grep -q '^r,test_loss,test_loss_error,b$' || fail "best over b"
head -n 1 s-best_test_loss_2.csv | grep -q '^b,test_loss_2,.*,r$' || fail "best over r"

expect 2 'phase, law, rates, long, curve, one' ./sweep sweep
expect 2 'no sweep is called' ./sweep sweep nothing
finish
