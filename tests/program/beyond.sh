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
    for g in 1 3 12 24; do
        ./$program probe --set "g=$g" --set L=2000 --json >cell.json
        { printf '%s' "$g"; grep -o '"mean":[[:space:]]*[^,}[:space:]]*' cell.json |
            sed 's/.*:[[:space:]]*/,/; s/$/,,/' | tr -d '\n'; echo; } >cell.csv
        near 2000 1 cell.csv >bad.txt || fail "$program alone: $(cat bad.txt)"
    done
done

# The table of layers knows their powers, too, as far as doubles go.
./beyond probe --set L=1000 --layers-table >layers.txt
grep -Eq '^ *300 +8\.45271e\+270 ' layers.txt || fail "layers: $(sed -n 1,8p layers.txt)"
finish
