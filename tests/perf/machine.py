# SPDX-License-Identifier: Apache-2.0
"""The machine: what it is, which processors a measurement may use, and what they can do."""
import contextlib
import datetime
import json
import os
import platform
import subprocess

HERE = os.path.dirname(os.path.abspath(__file__))


class Broken(Exception):
    """Something that has to work did not."""


def processors():
    return sorted(os.sched_getaffinity(0))


@contextlib.contextmanager
def on_processors(count):
    """Processes begun inside run on that many processors, the last ones of those we have."""
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, sorted(before)[-count:])
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


def run(command, **options):
    """Output of a command that has to succeed."""
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                          **options)
    if done.returncode != 0:
        raise Broken("%s: exit status %d: %s" % (" ".join(map(str, command)), done.returncode,
                                                 last_line(done.stderr)))
    return done.stdout


def last_line(text):
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    return lines[-1] if lines else "no message"


def build_peak(work):
    """The program of peak.c; its path."""
    path = os.path.join(work, "peak")
    run([os.environ.get("CC") or "cc", "-O2", "-std=gnu17", "-ffp-contract=fast", "-pthread",
         os.path.join(HERE, "peak.c"), "-o", path])
    return path


def measure_peak(peak, threads, what, seconds):
    with on_processors(threads):
        return json.loads(run([peak, "--threads", str(threads), "--what", what,
                               "--seconds", str(seconds)]))


def read_field(path, name):
    try:
        with open(path) as file:
            for line in file:
                key, _, value = line.partition(":")
                if key.strip() == name:
                    return value.strip()
    except OSError:
        pass
    return ""


def has_matrix_unit():
    return "amx_bf16" in read_field("/proc/cpuinfo", "flags").split()


def facts():
    compiler = run([os.environ.get("CC") or "cc", "--version"]).splitlines()[0]
    memory = read_field("/proc/meminfo", "MemTotal").split()
    return {
        "processor": read_field("/proc/cpuinfo", "model name") or platform.machine(),
        "processors": len(processors()),
        "memory_bytes": int(memory[0]) * 1024 if memory else 0,
        "system": "%s %s" % (platform.system(), platform.release()),
        "c_compiler": compiler,
        "date": datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m-%d %H:%M UTC"),
        "load": os.getloadavg()[0],
    }
