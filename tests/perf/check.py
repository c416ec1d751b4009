#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Tests of the benchmark itself: check.py BUILD. Times are not judged, only that the tables and the
JSON are whole and that operations are counted right."""
import dataclasses
import json
import os
import stat
import subprocess
import sys
import tempfile
import unittest

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.realpath(__file__)))

import programs
import table
import workloads

RUN = os.path.join(os.path.dirname(os.path.realpath(__file__)), "run")
BUILD = None  # the build folder


def count_from_tensors(told, batch):
    """Operations of a step, a forward pass, and bytes, from what a program says of its tensors: a
    matrix of several layers belongs to the stack."""
    step = forward = size = 0
    for tensor in told["tensors"]:
        if tensor["role"] == "derived":
            continue
        numbers = tensor["layers"]
        for extent in tensor["shape"]:
            numbers *= extent
        if tensor["role"] != "alpha":
            size += 4 * numbers
        if tensor["layers"] > 1 and len(tensor["shape"]) == 2:
            forward += 2 * numbers * batch
            step += 2 * numbers * batch * (3 if tensor["trained"] else 2)
    return step, forward, size


def count_from_sizes(net):
    return net.step_flops(), net.forward_flops(), net.weight_bytes()


def changes(net):
    """Networks that are other than this one in one thing."""
    yield dataclasses.replace(net, depth=net.depth + 1)
    yield dataclasses.replace(net, width=net.width + 1)
    yield dataclasses.replace(net, batch=net.batch + 1)
    yield dataclasses.replace(net, branch="post" if net.branch == "two" else "two")
    yield dataclasses.replace(net, bias=not net.bias)
    yield dataclasses.replace(net, filtered=not net.filtered)
    yield dataclasses.replace(net, inputs=net.inputs + 1)
    yield dataclasses.replace(net, outputs=net.outputs + 1)


def run_benchmark(*arguments):
    return subprocess.run([sys.executable, RUN, *arguments], capture_output=True, text=True)


class Counting(unittest.TestCase):
    def test_formulas_agree_with_tensors(self):
        with tempfile.TemporaryDirectory() as work:
            for workload in workloads.all_workloads():
                with self.subTest(workload.name):
                    self.check_formulas(workload, work)

    def check_formulas(self, workload, work):
        program = os.path.join(work, workload.name)
        programs.run([os.path.join(BUILD, "rnetc"), "-O0", "--cpu=native",
                      os.path.join(programs.ROOT, workload.source), "-o", program])
        told = programs.info(program, workload)
        if workload.what == "step":
            self.assertEqual(told["batch"], workload.net.batch)
        counted = count_from_tensors(told, workload.net.batch)
        self.assertEqual(count_from_sizes(workload.net), counted)
        for other in changes(workload.net):
            self.assertNotEqual(count_from_sizes(other), counted)

    def test_known_counts(self):
        """The operations of a step that the sizes were chosen for."""
        by_name = {w.name: w for w in workloads.all_workloads()}
        self.assertEqual(by_name["phase"].flops(), 3 * 2 * 1000 * 30 * 30 * 128)
        self.assertEqual(by_name["ladder"].flops(), 3 * 2 * 10321 * 10 * 10 * 32)
        self.assertEqual(by_name["deepest"].flops(), 5 * 2 * 50000 * 32 * 32 * 64)


class Results(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory()
        path = os.path.join(cls.folder.name, "result.json")
        cls.done = run_benchmark("--build", BUILD, "--quick", "--only", "sample,ladder", "--peers",
                                 "none", "--json", path)
        cls.path = path
        if cls.done.returncode == 0:
            with open(path) as file:
                cls.result = json.load(file)

    @classmethod
    def tearDownClass(cls):
        cls.folder.cleanup()

    def setUp(self):
        self.assertEqual(self.done.returncode, 0, self.done.stderr)

    def test_fields(self):
        self.assertEqual([r["name"] for r in self.result["workloads"]], ["ladder", "sample"])
        processors = len(os.sched_getaffinity(0))
        for record in self.result["workloads"]:
            self.assertEqual(set(record), set(table.RECORD_FIELDS))
            self.assertEqual(sorted(map(int, record["runs"])), sorted({1, processors}))
            self.assertEqual(record["gain"] is None, processors == 1)
            for run in record["runs"].values():
                self.check_run(record, run)

    def check_run(self, record, run):
        ours, peak = run["ours"], run["peak"]
        for field in ("seconds", "least", "peak_bytes", "gflops", "share", "best_share"):
            self.assertGreater(ours[field], 0)
        self.assertGreaterEqual(ours["best_share"], ours["share"])
        self.assertLessEqual(ours["least"], ours["seconds"])
        self.assertAlmostEqual(ours["gflops"] * ours["seconds"] * 1e9 / record["flops"], 1)
        for field in ("fma_gflops", "product_gflops", "copy_gbs"):
            self.assertGreater(peak[field], 0)
        if record["what"] == "forward":
            self.assertEqual(ours["weight_bytes"], 4 * (100 * 2 * 65 * 64 + 785 * 64 + 65 * 10))
            self.assertGreater(peak["read_%s_gbs" % ours["level"]], 0)
            self.assertGreater(ours["times_read"], 0)

    def test_table(self):
        rows = [line for line in self.done.stdout.splitlines()
                if line.startswith(("ladder step  ", "one sample "))]
        runs = sum(len(r["runs"]) + (r["gain"] is not None) for r in self.result["workloads"])
        self.assertEqual(len(rows), runs)
        for title, head, rows in table.tables(self.result):
            for row in rows:
                self.assertEqual(len(row), len(head), title)

    def test_markdown(self):
        done = run_benchmark("--markdown", self.path)
        self.assertEqual(done.returncode, 0, done.stderr)
        for title, head, rows in table.tables(self.result):
            self.assertIn("### " + title, done.stdout)
            for row in rows:
                self.assertIn("| " + " | ".join(row) + " |", done.stdout)


class Peers(unittest.TestCase):
    """Tables of made-up numbers."""

    record = {"title": "wide", "what": "step", "required": {"ratio": 1.3, "ratio_to": "torch"}}
    ours = {"seconds": 0.002}

    def test_ratio(self):
        peer = {"seconds": 0.005, "ratio": 2.5, "peak_bytes": 3e8, "variant": "list"}
        self.assertEqual(table.peer_row(self.record, "1", self.ours, "torch", peer),
                         ["wide", "1", "2 ms", "PyTorch eager", "5 ms", "300 MB", "2.5 x",
                          "1.3 x", "list"])
        self.assertEqual(table.peer_row(self.record, "1", self.ours, "jax", peer)[7], "1 x")

    def test_one_that_does_not_run(self):
        row = table.peer_row(self.record, "2", self.ours, "jax", {"error": "not within 120 s"})
        self.assertEqual(len(row), len(table.PEER_HEAD))
        self.assertIn("not within 120 s", row)


class Failing(unittest.TestCase):
    def test_program_that_does_not_run(self):
        """rnetc whose programs fail: status 1, whatever else is there."""
        with tempfile.TemporaryDirectory() as folder:
            rnetc = os.path.join(folder, "rnetc")
            with open(rnetc, "w") as file:
                file.write("#!/bin/sh\n[ \"$1\" != --version ] || { echo rnetc 0; exit; }\n"
                           "for last; do :; done\n"
                           "printf '#!/bin/sh\\necho broken >&2\\nexit 3\\n' >\"$last\"\n"
                           "chmod +x \"$last\"\n")
            os.chmod(rnetc, os.stat(rnetc).st_mode | stat.S_IXUSR)
            done = run_benchmark("--build", folder, "--quick", "--only", "sample", "--peers",
                                 "none")
        self.assertEqual(done.returncode, 1)
        self.assertIn("exit status 3: broken", done.stderr)

    def test_unknown_workload(self):
        done = run_benchmark("--build", BUILD, "--only", "nosuch", "--peers", "none")
        self.assertNotEqual(done.returncode, 0)
        self.assertIn("nosuch", done.stderr)


if __name__ == "__main__":
    BUILD = sys.argv.pop(1)
    unittest.main()
