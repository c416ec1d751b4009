# SPDX-License-Identifier: Apache-2.0
"""The peers: an environment of their own, and a process for each that lives for one workload."""
import contextlib
import dataclasses
import json
import os
import queue
import shutil
import signal
import subprocess
import sys
import threading

import machine

PACKAGES = ["numpy", "fbm", "jax", "torch"]
COMPILE_SECONDS = 120  # what takes longer is no peer
PATIENCE_SECONDS = 600  # with what compiles little: drawing weights, choosing a form

# name: (script, mode, what the table calls it)
PEERS = {
    "torch": ("peer_torch.py", "eager", "PyTorch eager"),
    "compile": ("peer_torch.py", "compile", "torch.compile"),
    "jax": ("peer_jax.py", "jit", "JAX jit"),
    "torch-one": ("peer_torch.py", "eager", "PyTorch eager, an input a pass"),
    "fbm": ("peer_numpy.py", "fbm", "Python fbm"),
    "numpy": ("peer_numpy.py", "numpy", "NumPy"),
}
FAMILY = {"torch": "torch", "compile": "torch", "torch-one": "torch", "jax": "jax",
          "fbm": "numpy", "numpy": "numpy"}


PACKAGE_OF = {"torch": "torch", "jax": "jax", "numpy": "numpy"}


def newest_python():
    for minor in (14, 13, 12):
        found = shutil.which("python3.%d" % minor)
        if found and subprocess.run([found, "-c", "import venv, ensurepip"],
                                    capture_output=True).returncode == 0:
            return found
    return sys.executable


def make_environment(folder):
    """A virtual environment with the peers' packages; (its python, None) or (None, why not)."""
    python = os.path.join(folder, "bin", "python")
    check = [python, "-c", "import numpy, fbm, jax, torch"]
    if os.path.exists(python):
        if subprocess.run(check, capture_output=True).returncode == 0:
            return python, None
    try:
        print("installing %s into %s" % (", ".join(PACKAGES), folder), file=sys.stderr)
        machine.run([newest_python(), "-m", "venv", folder])
        machine.run([python, "-m", "pip", "install", "--quiet", "--no-cache-dir",
                     "--disable-pip-version-check", *PACKAGES])
        machine.run(check)
    except (OSError, machine.Broken) as error:
        return None, "not installed: %s" % error
    return python, None


class Peer:
    """One process. `error` says why there is none."""

    def __init__(self, name, python, workload, threads, work):
        self.name, self.error, self.facts = name, None, {}
        script, mode, _ = PEERS[name]
        net = dataclasses.asdict(workload.net)
        if name == "torch-one":
            net["batch"] = 1
        spec = {"mode": mode, "what": workload.what, "threads": threads, "net": net,
                "hurst": workload.hurst}
        environment = dict(os.environ, OMP_NUM_THREADS=str(threads), MKL_NUM_THREADS=str(threads),
                           JAX_PLATFORMS="cpu", PYTHONDONTWRITEBYTECODE="1")
        self.messages = open(os.path.join(work, "peer-%s-%d.txt" % (name, threads)), "w+")
        with machine.on_processors(threads):
            self.process = subprocess.Popen(
                [python, os.path.join(machine.HERE, script), json.dumps(spec)],
                stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=self.messages, text=True,
                env=environment, start_new_session=True)
        self.lines = queue.Queue()
        threading.Thread(target=self.read, daemon=True).start()
        self.facts = self.take(COMPILE_SECONDS if mode == "compile" else PATIENCE_SECONDS) or {}

    def read(self):
        for line in self.process.stdout:
            if line.startswith("{"):
                self.lines.put(line)
        self.lines.put(None)

    def take(self, seconds):
        """The next answer, or None, and then `error` is set and the process gone."""
        try:
            line = self.lines.get(timeout=seconds)
        except queue.Empty:
            line, self.error = None, "not within %d s" % seconds
        if line is not None:
            return json.loads(line)
        self.end()
        if self.error is None:
            self.messages.seek(0)
            self.error = machine.last_line(self.messages.read())[:200]
        return None

    def measure(self, seconds):
        """An answer of peer_server.measure, or None."""
        if self.error is not None:
            return None
        try:
            self.process.stdin.write("run %g\n" % seconds)
            self.process.stdin.flush()
        except OSError:
            pass  # it has ended, and take finds out why
        return self.take(PATIENCE_SECONDS)

    def end(self):
        """It may have begun processes of its own, to compile with."""
        if self.process.returncode is None:  # not waited for: its number is still its own
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()

    def close(self):
        self.end()
        self.process.stdin.close()
        self.messages.close()


def start(workload, family, python, threads, work):
    """The peers of a workload; `family` is none, torch, jax or all."""
    wanted = [name for name in workload.peers
              if family == "all" or FAMILY[name] in (family, "numpy") and family != "none"]
    return [Peer(name, python, workload, threads, work) for name in wanted]
