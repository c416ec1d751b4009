#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# Values that the compiler refuses are refused when the program starts, in the same words as far as
# they go: refuse.sh LIB RNETC.
# shellcheck source=/dev/null
. "$1"
rnetc=$2

cat >laws.rnet <<'END'
param L = 8 in 1..10000
param H = 0.7
param length = 0.2
param v = 1
param w = 1
param c = 1
param u = 1
model {
  input x[4]
  residual noise depth L {
    alpha 1/(c*depth)
    branch W: dense(4, bias = false) -> tanh
    init normal(var = v)
    correlation fbm(hurst = H)
  }
  residual field depth L {
    branch V: dense(4, bias = false) -> tanh
    init uniform(var = w - (layer - 1)/depth)
  }
  residual path depth L {
    branch U: dense(4, bias = false) -> tanh
    correlation gp(ou, length = length)
  }
  residual spread depth L {
    branch T: dense(4, bias = false) -> tanh
    init -1 * uniform(std = u/sqrt(fan_in))
  }
}
probe { data gaussian; measure forward_ratio(noise) }
sweep hursts { H in [0.5, 1]; measure forward_ratio(noise) }
sweep lengths { length in [0.5, 1]; measure forward_ratio(noise) }
sweep variances { v in [1, 2, -2, -1, -3]; measure forward_ratio(noise) }
END
"$rnetc" -O0 --cpu=native -Wno-regime laws.rnet -o laws

# both VALUE WHAT: what rnetc says of a default, the program says of a value.
both() {
    expect 1 "$2" "$rnetc" -Wno-regime -D "$1" "$source.rnet" -o none
    for command in $commands; do
        # shellcheck disable=SC2086 # a sweep has a name
        expect 2 "$2" "./$source" $command --set "$1"
    done
}

source=laws
commands='probe info bench'
unit='but must be greater than 0 and less than 1'
both H=1 "$unit"
both H=0 "$unit"
expect 2 "the Hurst exponent of noise.W.weight is 1, $unit" ./laws probe --set H=1
expect 2 "the Hurst exponent of noise.W.weight is -3, $unit" ./laws probe --set H=-3
# shellcheck disable=SC2016 # words of a message
expect 2 'the length of `gp` of path.U.weight is 0, but must be greater than 0' \
    ./laws probe --set length=0
# the param to blame, among others that are good
expect 2 "is 1, $unit (with H = 1)" ./laws probe --set L=9 --set H=1 --set v=2
expect 2 "$unit (with H = 1)" ./laws sweep hursts
both length=-1e-3 'is -0.001'
both length=0 'but must be greater than 0'
# shellcheck disable=SC2016 # words of messages
expect 2 'the standard deviation of noise.W.weight is not a number in layer 1; its `var` or' \
    ./laws probe --set v=-1
# a deviation as a variance; the sign of a factor is the writer's own
# shellcheck disable=SC2016 # words of messages
expect 2 'T.weight is not a number in layer 1; its `var` or `std` must be at least 0 (with u' \
    ./laws probe --set u=-1 --set H=0.9 --set L=7
# in the last layer alone
expect 2 'of field.V.weight is not a number in layer 8; its' ./laws probe --set w=0.5
expect 2 'the first value of noise.alpha is infinite in layer 1' ./laws probe --set c=0
for values in H=0.01 H=0.99 length=1e-300 length=1e300 v=0 w=0.875 u=0; do
    expect 0 '' ./laws probe --set $values
done
# a sweep with such values tells the first of them before it runs any cell, whether or not its cells
# share memory, and whoever would have come to which
rm -f hursts.csv
for threads in 1 2 8; do
    expect 2 "$unit (with H = 1)" ./laws sweep hursts --threads $threads
    expect 2 '(with v = -2)' ./laws sweep variances --threads $threads
done
[ ! -e hursts.csv ] || fail 'a table of a sweep that was refused'

# what train states
train() {
    cat >"$1.rnet" <<END
param p = 0.5
param q = 0.5
param r = 0.5
param s = 0.5
param t = 0.5
model { input x[2]; dense(2) }
train {
  data      rotation(dim = 2, train = 8, test = 4)
  loss      mse
  optimizer $2
  schedule  step(every = 1, factor = $3)
  clip      $4
  stop      loss < $5
  epochs    1
}
sweep rates { p in [0.5, -1]; measure train_loss }
END
    "$rnetc" -O0 --cpu=native "$1.rnet" -o "$1"
    source=$1
}

commands='train bench'
train sgd 'sgd(lr = p, momentum = q, weight_decay = r)' s t t
both p=-1 'must be at least 0'
both q=1 'must be at least 0 and less than 1'
both q=-0.1 'must be at least 0 and less than 1'
both r=-1 'must be at least 0'
both s=-1 'must be at least 0'
both t=0 'must be greater than 0'
expect 2 'the learning rate is -1, but must be at least 0' ./sgd train --set p=-1
expect 2 'the learning rate is -1000000, but must be at least 0' ./sgd train --set p=-1e6
# shellcheck disable=SC2016 # words of messages
expect 2 '`momentum` is 1, but must be at least 0 and less than 1' ./sgd train --set q=1
expect 2 'the learning rate is -1' ./sgd sweep rates
train adam 'adam(lr = p, beta1 = q, beta2 = r, eps = s, weight_decay = t)' 1 1 1
both q=1 'must be at least 0 and less than 1'
both r=1 'must be at least 0 and less than 1'
both s=-1e-8 'is -1e-08'
both t=-1 'must be at least 0'
for values in p=0 q=0 r=0.999 s=0 t=0; do
    expect 0 '' ./adam train --set $values
done
train rmsprop 'rmsprop(lr = p, alpha = q, momentum = r)' 1 1 1
# shellcheck disable=SC2016 # words of messages
both q=1 '`alpha` is 1'
train decays 'sgd(lr = exp(p))' 1 1 1
for schedule in 'step(every = p, factor = 0.5)' 'cosine(warmup = p)'; do
    cat >lengths.rnet <<END
param p = 1
param n = 1
param v = 0.1
model { input x[2]; dense(2) }
train {
  data       rotation(dim = 2, train = 80, test = 4)
  loss       mse
  optimizer  sgd(lr = 0.1)
  schedule   $schedule
  stop       patience(n)
  validation v
  epochs     1
}
END
    "$rnetc" -O0 --cpu=native lengths.rnet -o lengths
    source=lengths
    both p=-1 'is -1'
    both n=0 'must be at least 1'
    both v=1 'and less than 1'
    # shellcheck disable=SC2016 # words of a message
    expect 2 '`validation` is -0.5, but must be at least 0 and less than 1' \
        ./lengths train --set v=-0.5
    expect 0 '' ./lengths train --set v=0
done
# shellcheck disable=SC2016 # words of a message
expect 2 '`warmup` of the schedule is -1, but must be at least 0' ./lengths train --set p=-1
source=rules
cat >rules.rnet <<'END'
param p = 0.5
param q = 0.5
model { input x[2]; dense(2); out: dense(2) }
train {
  data      rotation(dim = 2, train = 8, test = 4)
  loss      mse
  optimizer adam(lr = 0.1)
  lr    out: p*base
  eps   out: q
  decay out: q - 0.25
  epochs    1
}
END
"$rnetc" -O0 --cpu=native rules.rnet -o rules
both q=-1 'must be at least 0'
both q=0.125 'is -0.125'
# shellcheck disable=SC2016 # words of a message
expect 2 'the rule `lr` of out.weight is -0.1, but must be at least 0' ./rules train --set p=-1
expect 0 '' ./rules train --set p=0 --set q=0.25
expect 2 'the learning rate is infinite, but must be at least 0' ./decays train --set p=1e3

# Numbers of options: exact, and refused at once however large.
expect 2 "--repeat '': expected a whole number from 0" ./laws probe --repeat ''
expect 2 "--repeat '-1': expected a whole number from 0" ./laws probe --repeat -1
# 2^53 + 1 would be read as 2^53
for seed in 9007199254740993 1e18; do
    expect 2 "--seed $seed: expected at most 9007199254740991" ./laws probe --seed $seed
done
expect 0 '' ./laws probe --seed 9007199254740991
expect 2 '--threads 1000000000: expected 1 to 1024' ./laws info --threads 1e9
expect 2 '--threads 0: expected 1 to 1024' ./laws info --threads 0
expect 1 'not enough memory: ' timeout 20 ./laws bench --batch 1e11
# a sanitizer would end the program where it asks for so much
expect 1 'out of memory for 1000000000000000 draws' \
    env ASAN_OPTIONS="${ASAN_OPTIONS:+$ASAN_OPTIONS:}allocator_may_return_null=1" \
    timeout 20 ./laws sweep lengths --repeat 1e15
cat >batches.rnet <<'END'
param n = 1
model { input x[2]; dense(2) }
train { data rotation(dim = 2, train = 8, test = 4); loss mse; optimizer sgd(lr = 0.1); batch n }
END
"$rnetc" -O0 --cpu=native batches.rnet -o batches
expect 2 'the memory of one step at batch 9007199254740992 overflows' \
    ./batches info --set n=9007199254740992
expect 2 'batch is 1e+30, but must be at most 9007199254740992' ./batches info --set n=1e30
finish
