# SPDX-License-Identifier: Apache-2.0
"""Rounds: the peak, our program, the peak again, the peers, and that over and over, so that what
is compared was measured in the same minute."""
import contextlib
import math
import os
import statistics
import sys

import machine
import peers
import programs

SECONDS = 0.5  # of timed calls in a round
QUICK_SECONDS = 0.02


def median(values):
    return statistics.median(values) if values else None


def tell(text):
    print(text, file=sys.stderr, flush=True)


class Bench:
    """What a run shares: programs, options, where to work."""

    def __init__(self, options, rnetc, work, python, why_not):
        self.options, self.rnetc, self.work = options, rnetc, work
        self.python, self.why_not = python, why_not
        self.seconds = QUICK_SECONDS if options.quick else SECONDS
        self.peak = machine.build_peak(work)

    def rounds(self, workload):
        if self.options.repeat:
            return self.options.repeat
        return 1 if self.options.quick else workload.rounds

    def threads(self):
        every = len(machine.processors())
        return [1] if every == 1 else [1, every]

    def measure_peak(self, threads, what):
        return machine.measure_peak(self.peak, threads, what, 0.02 if self.options.quick else 0.06)


def best_peaks(records):
    """Of measurements of the same round, the best of each number."""
    merged = dict(records[0])
    for record in records[1:]:
        for key, value in record.items():
            if isinstance(value, float):
                merged[key] = max(merged[key], value)
    return merged


def repeats(bench, workload, program, threads):
    """How many calls fill the time of a round."""
    once = programs.bench(program, workload, threads, 1)["seconds"]
    return max(3, min(2000, math.ceil(bench.seconds / once)))


def one_round(bench, workload, program, threads, repeat):
    what = "fma,product,copy" + (",read" if workload.what == "forward" else "")
    before = bench.measure_peak(threads, what)
    ours = programs.bench(program, workload, threads, repeat)
    return {"ours": ours, "peak": best_peaks([before, bench.measure_peak(threads, what)])}


def summary_of_ours(workload, rounds):
    seconds = [r["ours"]["seconds"] for r in rounds]
    result = {"seconds": median(seconds), "least": min(r["ours"]["least"] for r in rounds),
              "peak_bytes": max(r["ours"]["peak_bytes"] for r in rounds),
              "isa": rounds[0]["ours"]["isa"], "rounds": seconds}
    flops = workload.flops()
    if flops:
        rates = [flops / s * 1e-9 for s in seconds]
        result["gflops"] = median(rates)
        result["share"] = median([rate / r["peak"]["fma_gflops"]
                                  for rate, r in zip(rates, rounds)])
        result["best_share"] = median([flops / r["ours"]["least"] * 1e-9 / r["peak"]["fma_gflops"]
                                       for r in rounds])
    return result


def level_of(peak, size):
    """The nearest cache that holds so many bytes."""
    for level, capacity in enumerate(peak["cache_bytes"], 1):
        if size <= capacity:
            return "l%d" % level
    return "memory"


def summary(workload, rounds):
    """Of all rounds at one number of threads."""
    ours = summary_of_ours(workload, rounds)
    keys = [k for k, v in rounds[0]["peak"].items() if isinstance(v, float)]
    peak = {key: median([r["peak"][key] for r in rounds]) for key in keys}
    if workload.what == "forward":
        size = workload.net.weight_bytes()
        level = level_of(rounds[0]["peak"], size)
        ours["weight_bytes"], ours["level"] = size, level
        ours["times_read"] = median(
            [r["ours"]["seconds"] / (size / (r["peak"]["read_%s_gbs" % level] * 1e9))
             for r in rounds])
    if workload.what == "draw":
        ours["ns_a_weight"] = ours["seconds"] / workload.weights() * 1e9
    return {"ours": ours, "peak": peak, "peers": {}}


def summary_of_peer(peer, answers):
    if peer.error is not None or not answers:
        return {"error": peer.error or "no answer"}
    return dict(peer.facts, seconds=median([a["seconds"] for a in answers]),
                least=min(a["least"] for a in answers),
                peak_bytes=max(a["peak_bytes"] for a in answers))


def add_peers(result, found, passes=None):
    """Peers' numbers beside ours; a ratio above 1 means that ours is faster. `passes` of a peer's
    batch are what our time is for, where that is not one call."""
    ours = result["ours"].get("seconds")
    for peer, answers in found:
        record = summary_of_peer(peer, answers)
        if "seconds" in record:
            whole = record["seconds"]
            if passes is not None:
                whole *= passes[peer.name]
                record["estimate_seconds"] = whole
            if ours:
                record["ratio"] = whole / ours
        result["peers"][peer.name] = record


def add_gain(workload, runs):
    """How much faster all processors are than one, against what loops gain."""
    counts = sorted(runs, key=int)
    if len(counts) < 2 or workload.what not in ("step", "forward"):
        return None
    one, every = runs[counts[0]], runs[counts[-1]]
    gain = one["ours"]["seconds"] / every["ours"]["seconds"]
    loops = {key: every["peak"][key] / one["peak"][key]
             for key in ("fma_gflops", "product_gflops", "copy_gbs")}
    bound = workload.bound(one["peak"]["fma_gflops"], one["peak"]["copy_gbs"])
    limit = loops["fma_gflops" if bound == "compute" else "copy_gbs"]
    return {"threads": int(counts[-1]), "gain": gain, "fma_gain": loops["fma_gflops"],
            "product_gain": loops["product_gflops"], "copy_gain": loops["copy_gbs"], "bound": bound, "share": gain / limit,
            "required": 0.93 if workload.gains else None}


def start_peers(bench, stack, workload, counts):
    """{threads: [(peer, its answers)]}; they are closed when the stack is."""
    started = {}
    for threads in counts:
        found = []
        if bench.python:
            found = peers.start(workload, bench.options.peers, bench.python, threads, bench.work)
        for peer in found:
            stack.callback(peer.close)
            tell("  %s, %d threads: %s" % (
                peer.name, threads,
                peer.error or "%s, ready after %.1f s" % (peer.facts.get("variant"),
                                                          peer.facts.get("prepare_seconds", 0))))
        started[threads] = [(peer, []) for peer in found]
    return started


def ask_peers(found, seconds, backwards):
    for peer, answers in reversed(found) if backwards else found:
        answer = peer.measure(seconds)
        if answer:
            answers.append(answer)


def run_rounds(bench, workload, program, counts, rounds):
    """With the peers of these numbers of threads; adds to rounds[threads], gives the peers."""
    repeat = {threads: repeats(bench, workload, program, threads) for threads in rounds}
    with contextlib.ExitStack() as stack:
        started = start_peers(bench, stack, workload, counts)
        for number in range(bench.rounds(workload)):
            for threads, records in rounds.items():
                records.append(one_round(bench, workload, program, threads, repeat[threads]))
                ask_peers(started.get(threads, []), bench.seconds, number % 2 == 1)
    return started


def measure_calls(bench, workload, program):
    """Of a workload whose calls `bench` times."""
    every, started = bench.threads(), {}
    rounds = {threads: [] for threads in every}
    apart = workload.heavy and bench.python is not None
    for counts in [[threads] for threads in every] if apart else [every]:
        started.update(run_rounds(bench, workload, program, counts, rounds))
    runs = {str(threads): summary(workload, records) for threads, records in rounds.items()}
    for threads, found in started.items():
        add_peers(runs[str(threads)], found)
    return runs


def measure_sweep(bench, workload, program):
    """A whole sweep, once, on all processors; peers tell the time of a pass."""
    threads, passes = bench.threads()[-1], workload.passes
    result = {"ours": {"error": "not available"}, "peak": {}, "peers": {}}
    if programs.has_sweep(program):
        if bench.options.quick:
            source = programs.write_coarser(os.path.join(programs.ROOT, workload.source),
                                            bench.work)
            program = programs.compile_network(bench.rnetc, source, os.path.dirname(source))
            passes = programs.COARSE_PASSES
        result["ours"] = programs.sweep(program, threads, bench.work)
    result["ours"]["passes"] = passes
    counts = {name: passes * (workload.net.batch if name == "torch-one" else 1)
              for name in workload.peers}
    with contextlib.ExitStack() as stack:
        found = start_peers(bench, stack, workload, [threads])[threads]
        ask_peers(found, bench.seconds, False)
        add_peers(result, found, counts)
    return {str(threads): result}


def measure(bench, workload):
    """The record of a workload, for JSON and the table."""
    tell("%s" % workload.title)
    source = os.path.join(programs.ROOT, workload.source)
    program = programs.compile_network(bench.rnetc, source, bench.work, workload.cpu)
    if workload.what == "sweep":
        runs, gain = measure_sweep(bench, workload, program), None
    else:
        runs = measure_calls(bench, workload, program)
        gain = add_gain(workload, runs)
    net = workload.net
    return {"name": workload.name, "title": workload.title, "what": workload.what,
            "source": workload.source, "flops": workload.flops(),
            "sizes": {"depth": net.depth, "width": net.width, "batch": net.batch,
                      "matrices": net.matrices},
            "required": {"share": workload.share, "ratio": workload.ratio,
                         "ratio_to": workload.ratio_name, "most": workload.most},
            "runs": runs, "gain": gain}
