#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# Norms beyond every real, of layers that multiply by 2^g exactly: beyond.sh LIB RNETC.
# shellcheck source=/dev/null
. "$1"
rnetc=$2

cat >beyond.rnet <<'END'
param L = 500 in 1..100000
param g = 3 in 1..24
model {
  input x[4]
  dense(4, init = constant(0), bias_init = constant(1))
  residual depth L {
    alpha  (2^g - 1)/4
    branch dense(4, init = constant(1), bias = false)
  }
  dense(1, init = constant(1), bias = false)
}
probe {
  data    uniform(0, 1)
  batch   4
  loss    mse(target = uniform(0, 1))
  measure log10(forward_ratio), log10(forward_change), log10(gradient_ratio),
          log10(gradient_change)
}
sweep g {
  g       in [1, 3, 12, 20, 24]
  measure log10(forward_ratio), log10(forward_change), log10(gradient_ratio),
          log10(gradient_change)
}
END
"$rnetc" beyond.rnet -Wno-regime --cpu native -O1 -o beyond || fail "beyond.rnet does not compile"
sed 's/^model {/& precision float64/' beyond.rnet >wide.rnet
"$rnetc" wide.rnet -Wno-regime --cpu native -O1 -o wide || fail "wide.rnet does not compile"

# means FILE: those of all quantities.
means() {
    grep -o '"mean":[[:space:]]*[^,}[:space:]]*' "$1" | sed 's/.*:[[:space:]]*//'
}

# All four are g L log10(2). Each of two logarithms near 77 is off by half a unit, 7.2e-15, and the
# 256th part of their difference is the logarithm of two: 1.9e-16 of it; the difference, the product
# and the sum, and what is expected, round six times by 1.2e-16.
near() {
    awk -F, -v L="$1" -v of="$2" '$0 ~ /^[0-9]/ { rows++
        want = $1 * L * log(2) / log(10)
        for (i = 2; i <= NF; i += 3) {
            d = $i - want
            if (d < 0) d = -d
            if ($i == "" || d > 9.2e-16 * want) { print $1, $i, want; bad = 1 } } }
        END { exit bad || rows != of }' "$3"
}

# From 2^12 on a state leaves floats between two looks at its power, so these come more often.
for program in beyond wide; do
    ./$program sweep g --quiet --output $program.csv >out.txt
    near 500 5 $program.csv >bad.txt || fail "$program side by side: $(cat bad.txt)"
    # some of them end where doubles do
    for cell in '1 1000' '1 1022' '1 1030' '1 1100' '1 2000' '3 2000' '12 2000' '24 2000'; do
        g=${cell% *} L=${cell#* }
        ./$program probe --set "g=$g" --set "L=$L" --json >cell.json
        { printf '%s' "$g"; means cell.json | sed 's/^/,/; s/$/,,/' | tr -d '\n'; echo; } >cell.csv
        near "$L" 1 cell.csv >bad.txt || fail "$program alone: $(cat bad.txt)"
    done
done

# The table of layers knows their powers, too, as far as doubles go.
./beyond probe --set L=1000 --layers-table >layers.txt
grep -Eq '^ *300 +8\.45271e\+270 ' layers.txt || fail "layers: $(sed -n 1,8p layers.txt)"

# A norm takes the size of a state away, so what is behind it must not see a power of two.
cat >normed.rnet <<'END'
param L = 10 in 1..100000
model {
  input x[8]
  dense(8)
  residual one depth L { branch dense(8, init = constant(0.125)) -> relu }
  layernorm
  residual two depth 10 { alpha 0.5; branch dense(8) -> relu -> dense(8) }
  dense(4)
}
probe {
  data    uniform(0, 1)
  loss    mse(target = uniform(0, 1))
  measure gradient_ratio(two), gradient_change(two)
}
END
"$rnetc" normed.rnet -Wno-regime --cpu native -O1 -o normed || fail "normed.rnet does not compile"
./normed probe --set L=50 --json >cell.json
means cell.json >wanted.txt
[ "$(wc -l <wanted.txt)" = 2 ] || fail "normed: $(cat cell.json)"
for L in 60 80; do
    ./normed probe --set "L=$L" --json >cell.json
    means cell.json | paste wanted.txt - | awk '{ d = $1 / $2 - 1; if (d < 0) d = -d
        if (!(d < 1e-6)) bad = 1 } END { exit bad }' || fail "behind a norm, L=$L: $(cat cell.json)"
done

# What overflows behind a block spoils the block's gradients, though a dead relu would hide it.
# Doubles do not overflow there, and floats round 40 layers of sums of 8 by 1e-7 each.
cat >later.rnet <<'END'
param a = 4096 in 0..1e30
model {
  input x[8]
  dense(8)
  residual one depth 10 {
    alpha  0.3
    branch dense(8, bias = false) -> relu -> dense(8, bias = false)
  }
  residual two depth 30 {
    alpha  a
    branch dense(8, bias = false) -> relu -> dense(8, bias = false)
  }
  dense(4, bias = false)
}
probe {
  data    uniform(0, 1)
  batch   8
  measure log10(gradient_ratio(one)), log10(gradient_ratio(two))
}
END
sed 's/^model {/& precision float64/' later.rnet >doubles.rnet
for program in later doubles; do
    "$rnetc" $program.rnet -Wno-regime --cpu native -O1 -o $program || fail "$program.rnet"
done
for a in 100 4096 16384; do
    ./doubles probe --set "a=$a" --json >wanted.json
    ./later probe --set "a=$a" --json >cell.json
    means wanted.json >wanted.txt
    means cell.json | paste wanted.txt - | awk '{ d = $1 - $2; if (d < 0) d = -d
        if (NF != 2 || !(d < 1e-4)) bad = 1 } END { exit bad || NR != 2 }' ||
        fail "later, a=$a: $(cat cell.json)"
done
./later probe --set a=1e28 >out.txt
[ "$(grep -c 'overflowed within the network' out.txt)" = 2 ] || fail "a=1e28: $(cat out.txt)"
finish
