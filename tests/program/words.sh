#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# What a program says of itself, and of words that it does not know: words.sh LIB RNETC.
# shellcheck source=/dev/null
. "$1"
rnetc=$2

cat >bare.rnet <<'END'
param width_of = 5 in 1..100
model {
  input x[4]
  residual depth width_of { alpha 0.3; branch dense(4) -> tanh }
}
END
cat >whole.rnet <<'END'
param L = 3 in 1..9
model { input x[2]; residual depth L { branch dense(2) -> tanh } }
train {
  data      rotation(dim = 2, train = 8, test = 4)
  loss      mse
  optimizer sgd(lr = 1e-3)
  batch     8
  epochs    0
}
check { forward_ratio > 0 }
sweep several { repeat 2; L in [1]; measure forward_ratio }
END
for name in bare whole; do
    "$rnetc" -O0 --cpu=baseline -Wno-regime $name.rnet -o $name
done

# The nearest name.
expect 2 'did you mean probe?' ./bare prob
expect 2 'did you mean train?' ./whole trian
expect 2 'did you mean check?' ./whole chekc
expect 2 'the commands are: predict, probe, bench, info' ./bare nonsense
! grep -q 'sweep' err.txt || fail "a sweep without its block: $(cat err.txt)"
expect 2 'the commands are: predict, probe, bench, info' ./bare
expect 2 'the commands are: train, eval, predict, probe, check, sweep, bench, info' ./whole
expect 2 'has no sweep block' ./bare sweep
expect 2 'did you mean --repeat?' ./bare probe --repat=3
expect 2 '--help lists them' ./bare probe --nothing
expect 2 'did you mean width_of?' ./bare probe --set width-of=3
expect 2 'the params are: width_of' ./bare probe --set deep=3
expect 2 'did you mean several?' ./whole sweep sevral

# Commands and options are those that the program has blocks for.
for how in --describe --help; do
    ./bare $how >bare.txt
    ./whole $how >whole.txt
    for word in train eval check sweep --epochs --save --merge; do
        ! grep -Eq "^[[:space:]]*\"?$word\"?[: ]|\"name\":[[:space:]]*\"$word\"" bare.txt ||
            fail "$how offers $word without its block"
        grep -Eq "^[[:space:]]*\"?$word\"?[: ]|\"name\":[[:space:]]*\"$word\"" whole.txt ||
            fail "$how does not offer $word"
    done
    grep -q probe bare.txt || fail "$how: a residual block can be probed"
done

# Without training there are no steps, optimisers and batches of it.
./bare info >bare.txt
! grep -Eq '^(step|optimizer)' bare.txt || fail "a step without a train block"
grep -q '^forward .* at batch 1$' bare.txt || fail "no train block: $(tail -n 1 bare.txt)"
./whole info | grep -q '^step .* at batch 8$' || fail "no step of the train block"
! ./bare info --json | grep -Eq '"(step|optimizer)"' || fail "info --json: a step without training"

# More weights than any machine holds: said before anything is allocated, with what would help.
cat >huge.rnet <<'END'
param L = 3 in 1..1e9
model { input x[1000]; residual depth L { branch dense(1000) -> tanh } }
sweep deep { L in [1, 1e9]; measure forward_ratio }
END
"$rnetc" -O0 --cpu=baseline -Wno-regime huge.rnet -o huge
expect 0 '' ./huge info --set L=1e9
grep -q '^weights  *3.6 PiB' out.txt || fail "info of a huge network: $(tail -n 3 out.txt)"
for command in 'bench --set L=1e9' 'probe --set L=1e9' sweep; do
    # shellcheck disable=SC2086 # words
    expect 1 'not enough memory: ' ./huge $command
    grep -q 'what helps: fewer weights' err.txt || fail "no help: $(cat err.txt)"
    ! grep -q ' 0 bytes' err.txt || fail "it lists what it does not need: $(cat err.txt)"
done
[ ! -e deep.csv ] || fail "a table of a sweep that could not begin"

# No epochs train nothing, in the file as on the command line.
./whole train --save file.safetensors >out.txt
grep -q '^test_rmse=' out.txt || fail "epochs 0: $(cat out.txt)"
./whole train --epochs 0 --save line.safetensors --json >out.txt
grep -q '"train_loss": null, "epochs": 0, "steps": 0' out.txt || fail "--epochs 0: $(cat out.txt)"
cmp file.safetensors line.safetensors || fail "epochs 0 and --epochs 0 differ"

# Whose weights break a bound, where the file does not say that it means trained ones.
for when in '' 'when trained;'; do
    cat >bound.rnet <<END
model { input x[2]; residual depth 3 { branch dense(2) -> tanh } }
train { data rotation(dim = 2, train = 8, test = 4); loss mse; optimizer sgd(lr = 0.1); epochs 0 }
check { $when forward_ratio < 0.01 }
END
    "$rnetc" -O0 --cpu=baseline -Wno-regime bound.rnet -o bound
    ./bound train --quiet --save bound.safetensors >out.txt
    text='1 of 1 checks broken by the weights of bound.safetensors; without --load they are made'
    [ -z "$when" ] || text='1 of 1 checks broken'
    expect 5 "$text" ./bound check --load bound.safetensors
    ! grep -q 'by the weights' err.txt || [ -z "$when" ] || fail "bounds of trained weights: $text"
done

# Two lengths of one run.
for command in train sweep; do
    expect 2 'error: --epochs and --iterations exclude each other: either is the length' \
        ./whole $command --epochs 0 --iterations 2
done

# Arrays of NumPy have one name.
expect 2 'name it .npz' ./whole train --layers layers.txt
[ ! -e layers.txt ] || fail "a refused name was written"
finish
