# SPDX-License-Identifier: Apache-2.0
"""Our side: rnetc, the programs that it makes, and their command `bench`."""
import json
import os
import re
import subprocess
import time

import machine
from machine import Broken, run

ROOT = os.path.dirname(os.path.dirname(machine.HERE))


def build_rnetc(folder, work):
    """rnetc of a build folder; without one, of a Release build made in the work folder."""
    if folder is None:
        folder = os.path.join(work, "build")
        run(["cmake", "-S", ROOT, "-B", folder, "-G", "Ninja", "-DCMAKE_BUILD_TYPE=Release",
             "-DRNET_TESTS=OFF"])
        run(["cmake", "--build", folder, "--target", "rnetc", "rnet_rt"])
    rnetc = os.path.join(folder, "rnetc")
    if not os.access(rnetc, os.X_OK):
        raise Broken("%s: no such program" % rnetc)
    return os.path.abspath(rnetc)


def compile_network(rnetc, source, work, cpu=None):
    """For `cpu`, or for all instruction sets of a usual program."""
    program = os.path.join(work, os.path.splitext(os.path.basename(source))[0])
    options = ["--cpu=" + cpu] if cpu else []
    run([rnetc, source, "-o", program, *options])
    return program


def bench(program, workload, threads, repeat):
    """Seconds of what the workload is about, the least of them, and the most memory in bytes."""
    command = [program, "bench", "--json", "--threads", str(threads), "--repeat", str(repeat),
               "--batch", str(workload.net.batch)]
    for setting in workload.settings:
        command += ["--set", setting]
    with machine.on_processors(threads):
        told = json.loads(run(command))
    if told["threads"] != threads:
        raise Broken("%s: %d threads instead of %d" % (program, told["threads"], threads))
    name = {"step": "step", "forward": "forward", "draw": "init"}[workload.what]
    return {"seconds": told[name + "_seconds"], "least": told[name + "_least_seconds"],
            "isa": told["isa"], "peak_bytes": told["peak_bytes"]}


def info(program, workload):
    command = [program, "info", "--json"]
    for setting in workload.settings:
        command += ["--set", setting]
    return json.loads(run(command))


def has_sweep(program):
    help_text = run([program, "--help"])
    return "sweep" in help_text and "not in this version" not in help_text


COARSE_PASSES = 7 * 3


def coarser(text):
    """A phase diagram of 7 x 3 cells and one repeat."""
    small, count = re.subn(r"linspace\(0, 1\.3, 70\)", "linspace(0, 1.3, 7)", text)
    small, other = re.subn(r"linspace\(0\.05, 0\.97, 51\)", "linspace(0.05, 0.97, 3)", small)
    small, third = re.subn(r"repeat  5\n", "repeat  1\n", small)
    if (count, other, third) != (1, 1, 1):
        raise Broken("phase_diagram.rnet is not the one that the quick run knows")
    return small


def write_coarser(source, work):
    path = os.path.join(work, "coarse", os.path.basename(source))
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(source) as file:
        text = coarser(file.read())
    with open(path, "w") as file:
        file.write(text)
    return path


def sweep(program, threads, work):
    """Seconds of a whole sweep, from nothing."""
    folder = os.path.join(work, "sweep")
    os.makedirs(folder, exist_ok=True)
    for name in os.listdir(folder):
        os.remove(os.path.join(folder, name))
    start = time.perf_counter()
    with machine.on_processors(threads):
        run([program, "sweep", "phase", "--quiet", "--threads", str(threads)], cwd=folder)
    seconds = time.perf_counter() - start
    rows = 0
    for name in os.listdir(folder):
        if name.endswith(".csv"):
            with open(os.path.join(folder, name)) as file:
                rows = sum(1 for line in file if line.strip() and not line.startswith("#")) - 1
    if rows < 1:
        raise Broken("%s sweep phase: no rows of results" % program)
    return {"seconds": seconds, "least": seconds, "cells": rows}


def sections(path):
    """Bytes of code in an object file: all executable sections."""
    total = 0
    for line in run(["readelf", "-SW", path]).splitlines():
        match = re.search(r"\]\s+(\S+)\s+PROGBITS\s+\S+\s+\S+\s+(\S+)\s+\S+\s+(\w+)\s", line)
        if match and "X" in match.group(3):
            total += int(match.group(2), 16)
    return total


def compile_time(rnetc, source, work, options=()):
    """Wall and processor seconds from the source to a linked program; sizes of the object."""
    name = os.path.splitext(os.path.basename(source))[0]
    program = os.path.join(work, "timed-" + name)
    start, before = time.perf_counter(), os.times()
    done = subprocess.run([rnetc, *options, "-save-temps", source, "-o", program],
                          stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    after, wall = os.times(), time.perf_counter() - start
    if done.returncode == 1:
        wrong = [line for line in done.stderr.splitlines() if "error" in line]
        return {"error": wrong[0].split("error: ")[-1] if wrong else "does not compile"}
    if done.returncode != 0:
        raise Broken("rnetc %s: exit status %d" % (source, done.returncode))
    cpu = (after.children_user + after.children_system
           - before.children_user - before.children_system)
    made = program + ".o"
    return {"seconds": wall, "cpu_seconds": cpu, "text_bytes": sections(made),
            "object_bytes": os.path.getsize(made)}
