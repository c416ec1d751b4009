# SPDX-License-Identifier: Apache-2.0
"""What is measured: sizes, how many operations that is, and what is asked for.

Only the matrix products of the stack are counted, on the true sizes: no padding, no activations, no
layers before or behind the stack, no optimiser. A step multiplies each trained matrix three times
(forward, gradient of its input, gradient of itself), and a fixed one twice.
"""
from dataclasses import dataclass

REAL = 4  # bytes of a float32


@dataclass(frozen=True)
class Net:
    """A network as the peers build it, which read it as JSON."""

    depth: int
    width: int
    batch: int
    branch: str = "post"  # pre: act, dense; post: dense, act; two: dense, act, dense
    activation: str = "tanh"
    bias: bool = True
    alpha: float = 1.0
    learned_alpha: bool = False  # one |alpha| for all layers, trained
    skip: float = 1.0
    filtered: bool = False  # a fixed orthogonal matrix a layer on the skip path
    inputs: int = 0  # features before a dense layer in front of the stack; 0: no such layer
    outputs: int = 0
    outer_bias: bool = True
    loss: str = "mse"
    optimizer: str = "sgd"

    @property
    def matrices(self):
        return 2 if self.branch == "two" else 1

    def products(self):
        """Products of one width x width matrix with the batch in a step."""
        return self.depth * (3 * self.matrices + (2 if self.filtered else 0))

    def step_flops(self):
        return 2 * self.width * self.width * self.batch * self.products()

    def forward_flops(self):
        count = self.depth * (self.matrices + (1 if self.filtered else 0))
        return 2 * self.width * self.width * self.batch * count

    def weight_bytes(self):
        """Of the stack and of the layers around it."""
        rows = self.width + (1 if self.bias else 0)
        stack = self.depth * self.width * (rows * self.matrices)
        if self.filtered:
            stack += self.depth * self.width * self.width
        outer = 1 if self.outer_bias else 0
        around = (self.inputs + outer) * self.width if self.inputs else 0
        around += (self.width + outer) * self.outputs
        return REAL * (stack + around)

    def step_bytes(self):
        """The least that a step moves: weights twice to read, then all the optimiser has of them
        to read and to write."""
        kept = {"sgd": 1, "adam": 3}[self.optimizer]
        return self.weight_bytes() * (2 + 2 * kept)


@dataclass(frozen=True)
class Workload:
    """One row. `share` of the peak and `ratios` to the peers are what is asked for."""

    name: str
    title: str
    source: str  # from the root
    what: str  # step, forward, draw or sweep
    net: Net
    cpu: str = None  # an instruction set that wants to be asked for
    settings: tuple = ()  # NAME=VALUE for the program's --set
    peers: tuple = ("torch", "compile", "jax")
    share: float = None
    ratio: float = None  # against the first peer; of every other peer the faster
    ratio_name: str = "torch"
    most: float = None  # of what=forward: times the cache's time; draw: ns a weight; sweep: s
    rounds: int = 5
    gains: bool = True  # is a gain from further cores asked for
    passes: int = 0  # of what=sweep: passes of the batch in all
    hurst: float = 0.0
    heavy: bool = False  # peers of all numbers of threads do not fit into memory together

    def flops(self):
        if self.what == "step":
            return self.net.step_flops()
        return self.net.forward_flops() if self.what == "forward" else 0

    def weights(self):
        """Drawn by what=draw."""
        return self.net.depth * self.net.width * self.net.width * self.net.matrices

    def bound(self, fma_gflops, copy_gbs):
        """What keeps a step from being faster: 'compute', or 'memory'."""
        compute = self.net.step_flops() / fma_gflops
        return "memory" if self.net.step_bytes() / copy_gbs > compute else "compute"


IMAGE = 28 * 28
OWN = "tests/perf/networks/"


def all_workloads():
    """In the order of the table."""
    deep = {"alpha": 1000**-0.5}
    return [
        Workload("phase", "phase step", "examples/trained_phase.rnet", "step",
                 Net(1000, 30, 128, "pre", "relu", inputs=IMAGE, outputs=10, outer_bias=False,
                     loss="cross_entropy", optimizer="adam", **deep),
                 share=0.55, ratio=15),
        Workload("ladder", "ladder step", "examples/trained_scaling.rnet", "step",
                 Net(10321, 10, 32, alpha=1 / 10321, learned_alpha=True, optimizer="adam"),
                 settings=("L=10321",), share=0.20, ratio=100, gains=False),
        Workload("medium", "medium", OWN + "medium.rnet", "step", Net(1000, 64, 128, **deep),
                 share=0.70, ratio=3),
        Workload("wide", "wide", OWN + "wide.rnet", "step", Net(200, 256, 256, alpha=200**-0.5),
                 share=0.80, ratio=1.3),
        Workload("very_wide", "very wide", OWN + "very_wide.rnet", "step",
                 Net(50, 1024, 256, alpha=50**-0.5), share=0.85, ratio=1.0),
        Workload("wide_unit", "wide, matrix unit", OWN + "wide.rnet", "step",
                 Net(200, 256, 256, alpha=200**-0.5), cpu="amx", share=0.80, ratio=1.3),
        Workload("very_wide_unit", "very wide, matrix unit", OWN + "very_wide.rnet", "step",
                 Net(50, 1024, 256, alpha=50**-0.5), cpu="amx", share=0.85, ratio=1.0),
        Workload("deepest", "deepest", "examples/orthogonal_filter.rnet", "step",
                 Net(50000, 32, 64, alpha=1 / 50000, skip=1 - 1 / 50000, filtered=True,
                     inputs=IMAGE, outputs=10, loss="cross_entropy", optimizer="adam"),
                 share=0.50, ratio=10, rounds=3, heavy=True),
        Workload("sample", "one sample", "examples/quickstart.rnet", "forward",
                 Net(100, 64, 1, "two", "relu", alpha=0.1, inputs=IMAGE, outputs=10),
                 ratio=20, most=1.5, gains=False),
        Workload("draw", "initialisation", OWN + "initialisation.rnet", "draw",
                 Net(1000, 40, 1, "pre", "relu", bias=False), peers=("fbm", "numpy"),
                 ratio=100, ratio_name="fbm", most=4, gains=False, hurst=0.8),
        Workload("sweep", "phase diagram", "examples/phase_diagram.rnet", "sweep",
                 Net(1000, 40, 10, "two", "relu", bias=False, inputs=64, outputs=1,
                     outer_bias=False, **deep),
                 peers=("torch-one", "torch", "compile", "jax"), ratio=400, ratio_name="torch-one",
                 most=60, rounds=1, gains=False, passes=70 * 51 * 5),
    ]


def choose(names):
    """The workloads of a list of names separated by commas; None: all."""
    known = all_workloads()
    if names is None:
        return known
    wanted = [name.strip() for name in names.split(",") if name.strip()]
    unknown = set(wanted) - {workload.name for workload in known}
    if unknown or not wanted:
        raise SystemExit("run: no workload %s; there are %s" % (
            ", ".join(sorted(unknown)) or "named", ", ".join(w.name for w in known)))
    return [workload for workload in known if workload.name in wanted]
