# SPDX-License-Identifier: Apache-2.0
"""Any network that rnetc made a shared library of, from its manifest alone.

    model = Model("libwave.so", "wave.json", L=20)
    model.init(seed=1)
    loss = model.step(x, target)
    y = model.forward(x)

Functions, shapes, the members of the config and the places of the weights are read from the
manifest; nothing here knows a network. NumPy arrays are handed over as they lie in memory.
"""
import ctypes
import json

import numpy as np

_WORDS = {"int": ctypes.c_int, "size_t": ctypes.c_size_t, "int64_t": ctypes.c_int64,
          "uint64_t": ctypes.c_uint64, "double": ctypes.c_double, "const char *": ctypes.c_char_p}
_MEMBERS = {"int64": ctypes.c_int64, "double": ctypes.c_double}


class Error(Exception):
    """What a function of the library returned other than zero, in its own words."""


class Model:
    """One network: its config, its params and, where it trains, its state."""

    def __init__(self, library, manifest, **params):
        with open(manifest, encoding="utf-8") as file:
            self.manifest = json.load(file)
        self._library = ctypes.CDLL(library)
        self._functions = {f["name"]: f for f in self.manifest["functions"]}
        self.dtype = np.dtype(self.manifest["precision"])
        self._is_default = not params
        self._config = self._make_config(params)
        self.params = self.state = None
        self.params = self._memory(self._call("params_size"))
        size = self._call("state_size")
        self.state = self._memory(size) if size else None
        self._workspace = self._memory(0)

    # ---- what a network does ----

    def init(self, seed=0):
        """Draws all weights."""
        self._call("init", seed=seed)

    def forward(self, x):
        """Outputs [batch][…] of inputs [batch][…]."""
        y = np.empty((len(x), *self.manifest["output"]["shape"]), self.dtype)
        self._call("forward", x=x, y=y, batch=len(x))
        return y

    def loss(self, x, target):
        """The mean loss of a batch."""
        return self._call_for_loss("loss", x=x, target=target, batch=len(x))

    def step(self, x, target, rate=0.0):
        """One step of the file's optimiser; a rate of 0 is the file's own. The loss before it."""
        return self._call_for_loss("step", x=x, target=target, batch=len(x), rate=rate)

    def gradient(self, x, target):
        """Of the mean loss by every number of params, laid out like them."""
        gradient = self._memory(self.params.nbytes)
        self._call_for_loss("gradient", x=x, target=target, batch=len(x), gradient=gradient,
                            state=None)
        return gradient

    def save(self, path):
        """A checkpoint, with the state."""
        with_state = self.state is not None
        file = np.empty(self._call("save_size", with_state=with_state), np.uint8)
        self._call("save", file=file, file_size=file.nbytes)
        file.tofile(path)

    def load(self, path, with_state=False):
        """Takes weights from a checkpoint, and with_state where its training stood, too."""
        file = np.fromfile(path, np.uint8)
        state = self.state if with_state else None
        self._call("load", file=file, file_size=file.nbytes, state=state)

    def tensors(self, memory=None):
        """Views of all tensors, by name, in params or in a gradient; writing to one changes it."""
        if not self._is_default:
            raise Error("the manifest has offsets for the params' defaults only")
        memory = self.params if memory is None else memory
        return {t["name"]: np.ndarray(
            shape=[t["layers"]["value"], *t["shape"]], dtype=self.dtype, buffer=memory,
            offset=t["offset"], strides=[t["layer_stride"], *t["strides"]])
            for t in self.manifest["tensors"]}

    def text(self, name):
        """What `version` or `isa` say."""
        return self._call(name).decode()

    # ---- how it is called ----

    def _make_config(self, params):
        rows = self.manifest["params"]
        unknown = set(params) - {row["name"] for row in rows}
        if unknown:
            raise Error(f"no params {sorted(unknown)}")
        fields = [(row["member"], _MEMBERS[row["type"]]) for row in rows]
        config = type("Config", (ctypes.Structure,),
                      {"_fields_": fields or [("unused", ctypes.c_int64)]})()
        for row in rows:
            setattr(config, row["member"], params.get(row["name"], row["default"]))
        return config

    def _memory(self, size):
        """Bytes that begin where the library wants them."""
        alignment = self.manifest["alignment"]
        data = np.zeros(size + alignment, np.uint8)
        start = -data.ctypes.data % alignment
        return data[start:start + size]

    def _workspace_for(self, name, batch):
        what = self.manifest["purposes"][name.upper()]
        size = self._call("workspace_size", batch=batch, what=what, threads=1)
        if size > self._workspace.nbytes:
            self._workspace = self._memory(size)
        return self._workspace

    def _array(self, argument, value):
        """An array as the function wants it, with a row for each sample."""
        element = np.dtype(argument["element"])
        array = np.ascontiguousarray(value, element)
        wanted = int(np.prod([n for n in argument["shape"] if isinstance(n, int)], dtype=np.int64))
        if array.size != len(array) * wanted:
            raise Error(f"{argument['name']}: {array.shape}, but the manifest says "
                        f"{argument['shape']}")
        return array

    def _argument(self, function, argument, given):
        """One argument as ctypes takes it, and what must stay alive until the call is over."""
        name, kind = argument["name"], argument["type"]
        own = {"config": self._config, "params": self.params, "state": self.state}
        value = given.get(name, own.get(name))
        if name == "workspace":
            value = self._workspace_for(function["name"], given.get("batch", 1))
        if kind in _WORDS:
            return _WORDS[kind](value), value
        if "shape" in argument:
            value = self._array(argument, value)
        if isinstance(value, np.ndarray):
            return ctypes.c_void_p(value.ctypes.data), value
        return (None if value is None else ctypes.byref(value)), value

    def _call(self, name, **given):
        if name not in self._functions:
            raise Error(f"this library has no function `{name}`")
        function = self._functions[name]
        pairs = [self._argument(function, a, given) for a in function["arguments"]]
        call = getattr(self._library, function["symbol"])
        call.restype = _WORDS.get(function["result"], ctypes.c_void_p)
        result = call(*[pair[0] for pair in pairs])
        if function["result"] != "int":
            return result
        if result != 0:
            raise Error(f"{name}: {self._call('error', status=result).decode()}")
        return None

    def _call_for_loss(self, name, **given):
        loss = ctypes.c_double()
        self._call(name, loss=loss, **given)
        return loss.value
