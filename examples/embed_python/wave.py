#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Trains a network from Python: ./wave.py LIBRARY MANIFEST. No framework, no generated code."""
import sys

import numpy as np

from rnet_model import Model


def samples(random, count):
    """Places and times, and how high the wave is there."""
    x = random.uniform(-1, 1, (count, 2)).astype(np.float32)
    height = np.sin(4 * x[:, :1] - 2 * x[:, 1:]) * np.exp(-x[:, :1] ** 2)
    return x, height.astype(np.float32)


def check_gradient(model, x, target):
    """A number of the gradient against the difference of two losses."""
    gradient = model.tensors(model.gradient(x, target))["dense2.bias"]
    bias = model.tensors()["dense2.bias"]
    before, step = bias[0, 0], np.float32(0.01)
    bias[0, 0] = before + step
    above = model.loss(x, target)
    bias[0, 0] = before - step
    below = model.loss(x, target)
    bias[0, 0] = before
    print(f"gradient {gradient[0, 0]:.6f}  difference {(above - below) / (2 * step):.6f}")


def main(library, manifest):
    """Training, a gradient, a checkpoint, another depth."""
    random = np.random.default_rng(1)
    model = Model(library, manifest)
    model.init(seed=5)
    for step in range(1, 601):
        loss = model.step(*samples(random, 128))
        if step % 100 == 0:
            print(f"step {step}  loss {loss:.6f}")
    x, target = samples(random, 500)
    check_gradient(model, x, target)

    model.save("wave.safetensors")
    again = Model(library, manifest)
    again.load("wave.safetensors", with_state=True)
    same = again.forward(x).tobytes() == model.forward(x).tobytes()
    same &= again.step(x, target) == model.step(x, target)
    same &= np.array_equal(again.params, model.params)
    print("loaded again:", "the same bits" if same else "other bits")

    deep = Model(library, manifest, L=300)
    deep.init(seed=5)
    print(f"300 layers: loss {deep.loss(x, target):.6f}, {deep.params.nbytes} bytes of params")

    again.load("wave.safetensors")
    np.savetxt("inputs.csv", x, "%.9g", ",", header="place,time", comments="")
    np.savetxt("answers.csv", again.forward(x), "%.9g", header="height", comments="")
    return 0 if same else 1


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
