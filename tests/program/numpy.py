# SPDX-License-Identifier: Apache-2.0
#
# Arrays between NumPy and a program: numpy.py make writes the data, numpy.py check reads what the
# program wrote, and computes it again from the weights. Exit status 77: there is no NumPy.
import json
import struct
import sys

sys.path.pop(0)  # this file's own name is that of the module
try:
    import numpy as np
except ImportError:
    print("skipped: no NumPy")
    sys.exit(77)

# --layers measures the first 16 training samples: here all of them.
SAMPLES, WIDTH, DEPTH, ALPHA = 16, 3, 4, 0.5


def make():
    random = np.random.default_rng(1)
    for name in "train", "test":
        np.save(f"{name}_x.npy", random.normal(size=(SAMPLES, WIDTH)))
        np.save(f"{name}_y.npy", random.normal(size=(SAMPLES, 1)).astype(np.float32))


def tensors(path):
    with open(path, "rb") as file:
        length, = struct.unpack("<Q", file.read(8))
        header, data = json.loads(file.read(length)), file.read()
    header.pop("__metadata__")
    return {name: np.frombuffer(data[slice(*t["data_offsets"])], "<f8").reshape(t["shape"])
            for name, t in header.items()}


def forward(weights, x):
    states = [x]
    for W, b in zip(weights["residual.dense.weight"], weights["residual.dense.bias"]):
        states.append(states[-1] + ALPHA * np.tanh(states[-1] @ W.T + b))
    return states, states[-1] @ weights["dense.weight"].T + weights["dense.bias"]


# Of the squared error, but for a factor that all samples share.
def backward(weights, states, error):
    gradients = [error @ weights["dense.weight"]]
    W, b = weights["residual.dense.weight"], weights["residual.dense.bias"]
    for k in reversed(range(DEPTH)):
        slope = 1 - np.tanh(states[k] @ W[k].T + b[k]) ** 2
        gradients.insert(0, gradients[0] + ALPHA * (gradients[0] * slope) @ W[k])
    return gradients


def mean_norms(values):
    return [np.linalg.norm(v, axis=1).mean() for v in values]


def close(found, wanted, what):
    np.testing.assert_allclose(found, wanted, rtol=1e-12, atol=1e-15, err_msg=what)


def check():
    x, y = np.load("train_x.npy"), np.load("train_y.npy").astype(float)
    layers = np.load("layers.npz")
    shapes = {name: (layers[name].shape, layers[name].dtype.str) for name in layers.files}
    assert shapes == {"epoch": ((3,), "<i8"), "step": ((3,), "<i8"),
                      "residual.state": ((3, DEPTH + 1), "<f8"),
                      "residual.gradient": ((3, DEPTH + 1), "<f8"),
                      "residual.update": ((3, DEPTH), "<f8")}, shapes
    assert layers["epoch"].tolist() == [0, 1, 2] and layers["step"].tolist() == [0, 4, 8]
    before = None
    for row in range(3):
        weights = tensors(f"epoch{row}.safetensors")
        states, output = forward(weights, x)
        gradients = mean_norms(backward(weights, states, output - y))
        close(layers["residual.state"][row], mean_norms(states), f"states of row {row}")
        found = layers["residual.gradient"][row]
        close(found / found[-1], np.array(gradients) / gradients[-1], f"gradients of row {row}")
        squares = np.zeros(DEPTH)
        for name in ("residual.dense.weight", "residual.dense.bias") if before else ():
            squares += ((weights[name] - before[name]) ** 2).reshape(DEPTH, -1).sum(axis=1)
        close(layers["residual.update"][row], np.sqrt(squares), f"updates of row {row}")
        before = weights
    _, output = forward(before, np.load("test_x.npy"))
    close(np.load("outputs.npy"), output, "predictions")


{"make": make, "check": check}[sys.argv[1]]()
