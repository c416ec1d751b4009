# SPDX-License-Identifier: Apache-2.0
"""Fractional noise along depth in Python: the package fbm, a path a call, or NumPy, all paths at
once. Both embed the covariance in a circulant (Davies and Harte, 1987)."""
import types

import numpy as np

import peer_server

PARTS = 40  # the package takes milliseconds a path: a share of them is timed


def make_package(depth, paths, hurst):
    from fbm import FBM

    sampler = FBM(n=depth, hurst=hurst, length=depth, method="daviesharte")

    def draw():
        weights = np.empty((depth, paths), np.float32)
        for path in range(paths):
            weights[:, path] = sampler.fgn()
        return weights

    return draw


def make_numpy(depth, paths, hurst):
    lags = np.arange(depth + 1.0)
    power = 2 * hurst
    covariance = 0.5 * ((lags + 1) ** power - 2 * lags**power + np.abs(lags - 1) ** power)
    row = np.concatenate([covariance, covariance[-2:0:-1]])
    spread = np.sqrt(np.fft.fft(row).real.clip(0) / len(row))
    random = np.random.default_rng(0)

    def draw():
        # the real and the imaginary part are two independent paths
        half = (paths + 1) // 2
        noise = random.standard_normal((half, len(row), 2)).view(np.complex128)[..., 0]
        path = np.fft.fft(noise * spread, axis=1)[:, :depth]
        both = np.concatenate([path.real, path.imag])[:paths]
        return np.ascontiguousarray(both.T, dtype=np.float32)

    return draw


def prepare(spec):
    net = types.SimpleNamespace(**spec["net"])
    paths = net.width * net.width
    facts = {"version": np.__version__, "variant": spec["mode"]}
    if spec["mode"] == "numpy":
        return facts, make_numpy(net.depth, paths, spec["hurst"])
    return dict(facts, scale=PARTS), make_package(net.depth, paths // PARTS, spec["hurst"])


if __name__ == "__main__":
    peer_server.serve(prepare)
