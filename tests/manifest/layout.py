#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What a manifest says of memory, against the functions of the object: layout.py RNETC SOURCE...

The object is a shared library, called with nothing known but its manifest: sizes at the defaults,
and offsets and strides of every tensor, at the defaults and at other depths.
"""
import array
import ctypes
import json
import math
import os
import subprocess
import sys

SCALARS = {"int": ctypes.c_int, "size_t": ctypes.c_size_t, "int64_t": ctypes.c_int64,
           "uint64_t": ctypes.c_uint64, "double": ctypes.c_double, "const char *": ctypes.c_char_p}
PARAM_TYPES = {"int64": ctypes.c_int64, "double": ctypes.c_double}


class Model:
    """A library, by its manifest."""

    def __init__(self, rnetc, source):
        self.name = os.path.splitext(os.path.basename(source))[0]
        command = [rnetc, "-O0", "--cpu=native", source]
        files = ["--emit=shared", "--manifest", "m.json", "-o", f"lib{self.name}.so"]
        subprocess.run(command + files, check=True)
        with open("m.json", "rb") as file:
            text = file.read()
        alone = subprocess.run(command + ["--emit=manifest", "-o", "-"], check=True,
                               capture_output=True)
        assert alone.stdout == text, "--manifest and --emit=manifest differ"
        self.manifest = json.loads(text)
        self.library = ctypes.CDLL(f"./lib{self.name}.so")
        fields = [(p["member"], PARAM_TYPES[p["type"]]) for p in self.manifest["params"]]
        self.config_type = type("Config", (ctypes.Structure,),
                                {"_fields_": fields or [("unused", ctypes.c_int64)]})
        self.functions = {f["name"]: self.bind(f) for f in self.manifest["functions"]}

    def bind(self, function):
        bound = getattr(self.library, function["symbol"])
        bound.restype = SCALARS[function["result"]]
        bound.argtypes = [SCALARS.get(a["type"], ctypes.c_void_p) for a in function["arguments"]]
        return bound

    def call(self, name, *arguments):
        return self.functions[name](*arguments)

    def config(self, deeper):
        values = {p["member"]: p["default"] for p in self.manifest["params"]}
        for param in self.manifest["params"]:
            high = math.inf if param["high"] is None else param["high"]
            if param["type"] == "int64" and param["default"] + deeper <= high:
                values[param["member"]] += deeper
        values = {m: int(v) if t is ctypes.c_int64 else v for (m, t), v in
                  zip(self.config_type._fields_, values.values())}
        return self.config_type(**values)


def aligned(size):
    """Memory, and the address in it that is a multiple of 64."""
    memory = ctypes.create_string_buffer(size + 64)
    address = ctypes.addressof(memory)
    return memory, (address + 63) // 64 * 64


def layers_of(model, tensor, config):
    values = {p["name"]: getattr(config, p["member"]) for p in model.manifest["params"]}
    return int(eval(tensor["layers"]["expression"].replace("^", "**"), {}, values))


def numbers_in(model, tensor, params, offset, layers):
    """The tensor in the order of checkpoints, read from memory by offset and strides."""
    code = "f" if model.manifest["precision"] == "float32" else "d"
    size = array.array(code).itemsize
    places = [offset + layer * tensor["layer_stride"] for layer in range(layers)]
    for length, stride in zip(tensor["shape"], tensor["strides"]):
        places = [place + i * stride for place in places for i in range(length)]
    return array.array(code, b"".join(ctypes.string_at(params + p, size) for p in places))


def check_tensor(model, config, params, tensor, offset):
    layers = layers_of(model, tensor, config)
    here = numbers_in(model, tensor, params, offset, layers)
    told = array.array(here.typecode, bytes(len(here) * here.itemsize))
    name = tensor["name"].encode()
    if tensor["role"] == "derived":
        return layers
    where = (told.buffer_info()[0], len(told))
    assert model.call("export", ctypes.byref(config), params, name, *where) == 0, tensor["name"]
    assert here.tobytes() == told.tobytes(), f"{tensor['name']}: other numbers"
    for i, _ in enumerate(told):
        told[i] = i + 1
    assert model.call("import", ctypes.byref(config), params, name, *where) == 0, tensor["name"]
    here = numbers_in(model, tensor, params, offset, layers)
    assert here.tobytes() == told.tobytes(), f"{tensor['name']}: imported elsewhere"
    return layers


def check_layout(model, deeper):
    config = model.config(deeper)
    size = model.call("params_size", ctypes.byref(config))
    purposes = model.manifest["purposes"]
    assert size > 0
    workspace_size = model.call("workspace_size", ctypes.byref(config), 1, purposes["INIT"], 1)
    memory, params = aligned(size)
    scratch, workspace = aligned(workspace_size)
    status = model.call("init", ctypes.byref(config), params, None, 5, workspace, None)
    assert status == 0, model.call("error", status)
    offset = 0
    for tensor in model.manifest["tensors"]:
        if deeper == 0:
            assert tensor["offset"] == offset, tensor["name"]
        layers = check_tensor(model, config, params, tensor, offset)
        bytes_here = layers * tensor["layer_stride"]
        assert deeper != 0 or (tensor["layers"]["value"], tensor["size"]) == (layers, bytes_here)
        offset += (bytes_here + 63) // 64 * 64
    assert offset == size, f"tensors end at {offset}, params at {size}"
    del memory, scratch


def check_sizes(model):
    sizes = model.manifest["sizes"]
    assert model.call("params_size", None) == sizes["params"]
    assert model.call("state_size", None) == sizes["state"]
    for tag, purpose in model.manifest["purposes"].items():
        wanted = sizes["workspace"][tag.lower()] or 0
        assert model.call("workspace_size", None, 1, purpose, 1) == wanted, tag
    for status in model.manifest["statuses"]:
        assert model.call("error", status["value"]).decode() == status["text"]
    version = model.call("version").decode()
    assert model.manifest["rnetc"] in version and model.manifest["source"]["hash"] in version


def main():
    rnetc, *sources = sys.argv[1:]
    for source in sources:
        model = Model(rnetc, source)
        check_sizes(model)
        for deeper in (0, 1, 5):
            check_layout(model, deeper)
        print(model.name, len(model.manifest["tensors"]), "tensors")


main()
