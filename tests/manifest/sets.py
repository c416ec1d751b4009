#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Sizes of objects for one instruction set, whichever this processor has: sets.py RNETC SOURCE...

The manifest of each set states workspaces, that of all sets the largest of them, and a library of a
set that runs here says the same. An emulator of an old processor, where there is one, must not
change a byte.
"""
import ctypes
import json
import os
import shutil
import subprocess
import sys

CPUS = ["x86-64", "x86-64-v3", "x86-64-v4"]


def manifest(command, source, options):
    made = subprocess.run(command + options + ["--emit=manifest", source, "-o", "-"], check=True,
                          capture_output=True)
    return json.loads(made.stdout)


def ask_library(rnetc, source, cpu, described):
    """Workspaces by a library of that set; None: this processor does not run it."""
    path = f"./lib{described['name']}_{cpu}.so"
    subprocess.run([rnetc, "-O0", f"--cpu={cpu}", source, "--emit=shared", "-o", path], check=True)
    library = ctypes.CDLL(path)
    params = getattr(library, described["name"] + "_params_size")
    workspace = getattr(library, described["name"] + "_workspace_size")
    params.restype = workspace.restype = ctypes.c_size_t
    params.argtypes = [ctypes.c_void_p]
    workspace.argtypes = [ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int, ctypes.c_int64]
    if params(None) == 0:
        return None
    return {word.lower(): workspace(None, 1, purpose, 1) or None
            for word, purpose in described["purposes"].items()}


def check(rnetc, source):
    largest = {}
    for cpu in CPUS:
        described = manifest([rnetc], source, [f"--cpu={cpu}"])
        sizes = described["sizes"]["workspace"]
        assert sizes["forward"], f"{source}: --cpu={cpu} has no sizes"
        own = ask_library(rnetc, source, cpu, described)
        assert own in (None, sizes), f"{source}: --cpu={cpu} says {sizes}, its library {own}"
        for word, size in sizes.items():
            largest[word] = max(largest.get(word) or 0, size or 0) or None
    together = manifest([rnetc], source, [])["sizes"]["workspace"]
    assert together == largest, f"{source}: {together}, but the sets' largest are {largest}"


def check_emulated(rnetc, source):
    emulator = shutil.which("qemu-x86_64")
    if emulator is None:
        return
    options = ["--cpu=x86-64-v4"]
    old = manifest([emulator, "-cpu", "Nehalem", rnetc], source, options)
    assert old == manifest([rnetc], source, options), f"{source}: an old processor says {old}"


def main():
    os.environ.pop("RNET_ISA", None)
    for source in sys.argv[2:]:
        check(sys.argv[1], source)
    check_emulated(sys.argv[1], sys.argv[-1])


main()
