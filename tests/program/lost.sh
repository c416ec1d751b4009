#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# Why a draw of a probe is not finite: lost.sh LIB RNETC.
# shellcheck source=/dev/null
. "$1"
rnetc=$2

# measure COMMAND…: what is printed, without the spread of blanks.
measure() {
    "$@" 2>&1 | tr -s ' '
}

cat >dead.rnet <<'END'
# A bias that no state reaches: relu passes nothing, and no gradient returns.
param bias = -1000
model {
  input x[4]
  residual depth 3 {
    alpha  0.1
    branch dense(4) -> relu -> dense(4)
  }
  dense(2, bias_init = constant(bias)) -> relu -> dense(1)
}
probe {
  data    gaussian
  batch   2
  repeat  3
  measure gradient_ratio, log10(forward_change - 1e6), exp(1e6*forward_ratio)
}
check {
  gradient_ratio <= 2
}
END
"$rnetc" dead.rnet --cpu baseline -O1 -o dead || fail "dead.rnet does not compile"
measure ./dead probe >dead.txt
grep -qx 'gradient_ratio nan (draws 3, finite 0: the gradient behind the block is 0)' dead.txt ||
    fail "the gradient is 0: $(cat dead.txt)"
grep -q ': the function has no value there)' dead.txt || fail "a logarithm: $(cat dead.txt)"
grep -q ': it is beyond every double)' dead.txt || fail "no double: $(cat dead.txt)"
./dead probe --json >dead.json
grep -q '"not_finite":.*"the gradient behind the block is 0"' dead.json ||
    fail "in JSON: $(cat dead.json)"
measure ./dead check >check.txt
grep -qx 'gradient_ratio nan <= 2 broken: the gradient behind the block is 0' check.txt ||
    fail "a check says why, too: $(cat check.txt)"
measure ./dead check --set bias=1000 >alive.txt
grep -qx 'gradient_ratio [0-9.]* <= 2 holds' alive.txt || fail "a check: $(cat alive.txt)"
measure ./dead probe --set bias=1000 >alive.txt
grep -q '^gradient_ratio .*(draws 3)$' alive.txt || fail "a gradient: $(cat alive.txt)"

cat >huge.rnet <<'END'
model {
  input x[4]
  residual depth 3 {
    alpha  1e38
    branch 1e38 * (dense(4) -> relu) -> dense(4)
  }
}
probe {
  data    gaussian
  repeat  3
  measure forward_ratio, gradient_ratio
}
END
"$rnetc" huge.rnet -Wno-regime --cpu baseline -O1 -o huge || fail "huge.rnet does not compile"
measure ./huge probe >huge.txt
grep -qx 'forward_ratio nan (draws 3, finite 0: it overflowed within the network)' huge.txt ||
    fail "an overflow: $(cat huge.txt)"
finish
