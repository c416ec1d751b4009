#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# The oracle must notice a network that is not the one of its dump: each edit of a dump makes the
# harness that passed on the true one fail.
#
#     can_fail.sh FOLDER-OF-ALL-NETWORKS SOURCES
set -u
work=$1 sources=$2
failed=0

# NETWORK EDIT: a sed script for model.txt
refuse() {
    arguments=$(sed -n 's/^# harness: //p' "$sources/$1.rnet")
    sed "$2" "$work/$1/model.txt" >"$work/$1/edited.txt"
    if cmp -s "$work/$1/model.txt" "$work/$1/edited.txt"; then
        echo "$1: '$2' edits nothing"
        failed=1
        return
    fi
    # shellcheck disable=SC2086 # a list of words
    (cd "$work/$1" && ./harness edited.txt $arguments) >/dev/null 2>&1
    status=$? # 1: numbers were compared and differ
    if [ "$status" -ne 1 ]; then
        echo "$1: exit $status, not 1, with $2"
        failed=1
    fi
}

refuse identity_relu 's/(relu \(\[[0-9]*\] \[[0-9]*\]\)/(leaky_relu \1 number=0.01/'
refuse identity_relu 's/^train rate 0.05.*/train rate 0.0501/'
refuse activations_sigmoidal 's/(tanh /(erf /'
refuse activations_gated 's/(gelu /(silu /'
refuse skip_identity_scaled 's/train nesterov 1/train nesterov 0/'
refuse skip_identity_scaled 's/train decay 0.01.*/train decay 0.011/'
refuse skip_identity_scaled 's/skip 0 identity scale [^ ]*/skip 0 identity scale -/'
refuse skip_cycle 's/skip 0 cycle/skip 0 identity/'
refuse skip_hadamard 's/train optimizer adam/train optimizer adamw/'
refuse skip_householder_stack 's/train clip .*/train clip -/'
refuse layernorm 's/(layernorm /(linear /'
refuse rmsnorm 's/^post 0 0 .*/skip 0 identity scale - filter - reflections 0/'
refuse rules 's/^epsilon residual.W.weight.*/epsilon residual.W.weight base/'
refuse alpha_learned_abs 's/absolute 1/absolute 0/'
refuse schedule_cosine 's/train warmup 3/train warmup 2/'
refuse tied 's/train beta1 0.9.*/train beta1 0.89/'
refuse double_smooth 's/(softplus /(relu /'
exit "$failed"
