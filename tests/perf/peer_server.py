# SPDX-License-Identifier: Apache-2.0
"""How a peer talks with the driver: a JSON line when it is ready, then one for each request.

A peer is one process that stays, so that what it compiled stays too. It reads lines `run SECONDS`,
repeats its work for that long, at least three times where that does not take too long, and answers
with the median.
"""
import ctypes
import gc
import json
import statistics
import sys
import time


LONG_SECONDS = 5  # after these, what was measured has to do


def peak_bytes():
    with open("/proc/self/status") as status:
        for line in status:
            if line.startswith("VmHWM:"):
                return 1024 * int(line.split()[1])
    return 0


def forget_peak():
    """Gives back what was tried, and counts the most memory from here on."""
    gc.collect()
    ctypes.CDLL(None).malloc_trim(0)
    try:
        with open("/proc/self/clear_refs", "w") as file:
            file.write("5")
    except OSError:
        pass


def timed(work):
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def faster(candidates):
    """Name and work of the fastest of {name: work}, each tried twice after a first run."""
    if len(candidates) == 1:
        return next(iter(candidates.items()))
    best = {}
    for name, work in candidates.items():
        best[name] = timed(work)
        again = [timed(work) for _ in range(2 if best[name] < LONG_SECONDS else 1)]
        best[name] = min(again)
    name = min(best, key=best.get)
    return name, candidates[name]


def answer(record):
    print(json.dumps(record), flush=True)


def measure(work, seconds, scale):
    times = []
    start = time.perf_counter()
    while not times or time.perf_counter() < start + (seconds if len(times) > 2 else LONG_SECONDS):
        times.append(scale * timed(work))
    answer({"seconds": statistics.median(times), "least": min(times), "count": len(times),
            "peak_bytes": peak_bytes()})


def serve(prepare):
    """`prepare(spec)` gives a dict of facts and the function to time; where that does a part of the
    work, the fact `scale` says how many parts there are."""
    spec = json.loads(sys.argv[1])
    start = time.perf_counter()
    facts, work = prepare(spec)
    forget_peak()
    work()
    answer(dict(facts, prepare_seconds=time.perf_counter() - start))
    for line in sys.stdin:
        measure(work, float(line.split()[1]), facts.get("scale", 1))
