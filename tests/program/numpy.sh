#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# What NumPy writes is read, and what is written NumPy reads, numbers and all: numpy.sh LIB RNETC
# CHECKER. Exit status 77: there is no NumPy.
# shellcheck source=/dev/null
. "$1"
rnetc=$2 checker=$3

PYTHONDONTWRITEBYTECODE=1
export PYTHONDONTWRITEBYTECODE
python=/usr/bin/python3 # Debian's, which python3-numpy is for
"$python" "$checker" make || exit $?
cat >arrays.rnet <<'END'
model {
  precision float64
  input x[3]
  residual depth 4 { alpha 0.5; branch dense(3) -> tanh }
  dense(1)
}
train {
  data npy("train_x.npy", "train_y.npy", test_inputs = "test_x.npy", test_targets = "test_y.npy")
  loss      mse
  optimizer sgd(lr = 0.1)
  batch     4
  epochs    2
}
END
"$rnetc" -O1 --cpu=native -Wno-regime arrays.rnet -o arrays
for epochs in 0 1 2; do
    ./arrays train --quiet --epochs $epochs --save epoch$epochs.safetensors >out.txt
done
./arrays train --quiet --layers layers.npz >out.txt
./arrays predict --load epoch2.safetensors --input test_x.npy --output outputs.npy >out.txt
"$python" "$checker" check || fail "NumPy has other numbers"
finish
