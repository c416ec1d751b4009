# SPDX-License-Identifier: Apache-2.0
"""The table for a terminal, and the same as Markdown for docs/performance.md."""
import peers

RECORD_FIELDS = ("name", "title", "what", "source", "flops", "sizes", "required", "runs", "gain")


def duration(seconds):
    if seconds is None:
        return "-"
    for limit, scale, unit in ((1e-3, 1e6, "us"), (1, 1e3, "ms"), (600, 1, "s"),
                               (7200, 1 / 60, "min")):
        if seconds < limit:
            return "%.3g %s" % (seconds * scale, unit)
    return "%.3g h" % (seconds / 3600)


def size(count):
    for limit, scale, unit in ((1e6, 1e3, "kB"), (1e9, 1e6, "MB")):
        if count < limit:
            return "%.3g %s" % (count / scale, unit)
    return "%.3g GB" % (count / 1e9)


def number(value, form="%.3g", missing="-"):
    return missing if value is None else form % value


def percent(value):
    return number(value if value is None else 100 * value, "%.0f %%")


def wanted_of(record, threads):
    """What the row is asked to reach on one core."""
    required, what = record["required"], record["what"]
    if what == "forward":
        return "%.2g x cache" % required["most"]
    if what == "draw":
        return "%g ns a weight" % required["most"]
    if what == "sweep":
        return "%g s" % required["most"]
    return percent(required["share"]) if threads == 1 else "-"


def reached(record, ours):
    what = record["what"]
    if what == "forward":
        return "%.2f x %s" % (ours["times_read"], ours["level"].upper())
    if what == "draw":
        return "%.2f ns a weight" % ours["ns_a_weight"]
    if what == "sweep":
        return duration(ours.get("seconds"))
    return percent(ours["share"])


def best_call(record, ours):
    """The share of a round's best call: a peak is the best of its slices, too."""
    return percent(ours.get("best_share")) if record["what"] == "step" else "-"


def row(record, threads, run):
    ours = run["ours"]
    if "error" in ours:
        return [record["title"], str(threads), ours["error"]] + ["-"] * 8
    return [record["title"], str(threads), duration(ours["seconds"]), number(ours.get("gflops")),
            number(run["peak"].get("fma_gflops")), number(run["peak"].get("product_gflops")),
            number(run["peak"].get("copy_gbs")),
            reached(record, ours), best_call(record, ours), wanted_of(record, threads),
            size(ours["peak_bytes"]) if "peak_bytes" in ours else "-"]


WORKLOAD_HEAD = ["workload", "threads", "time", "GFLOP/s", "FMA peak", "product", "copy GB/s",
                 "reached", "best call", "wanted", "memory"]


def workload_table(result):
    return WORKLOAD_HEAD, [row(record, int(threads), record["runs"][threads])
                           for record in result["workloads"] for threads in record["runs"]]


PEER_HEAD = ["workload", "threads", "ours", "peer", "its time", "its memory", "ratio", "wanted",
             "form"]


def peer_row(record, threads, ours, name, peer):
    required = record["required"]
    least = required["ratio"] if name == required["ratio_to"] else 1
    head = [record["title"], threads, duration(ours.get("seconds")), peers.PEERS[name][2]]
    if "error" in peer:
        return head + [peer["error"], "-", "-", number(least), "-"]
    time = duration(peer["seconds"])
    if "estimate_seconds" in peer:
        time = "%s (%s a pass)" % (duration(peer["estimate_seconds"]), time)
    return head + [time, size(peer["peak_bytes"]), number(peer.get("ratio"), "%.3g x"),
                   number(least, "%g x"), str(peer.get("variant", "-"))]


def peer_table(result):
    return PEER_HEAD, [peer_row(record, threads, run["ours"], name, peer)
                       for record in result["workloads"]
                       for threads, run in record["runs"].items()
                       for name, peer in run["peers"].items()]


GAIN_HEAD = ["workload", "threads", "gain", "FMA's gain", "product's gain", "copy's gain",
             "bound by", "share of it", "wanted"]


def gain_table(result):
    return GAIN_HEAD, [[record["title"], str(gain["threads"]), "%.2f" % gain["gain"],
                        "%.2f" % gain["fma_gain"], "%.2f" % gain["product_gain"],
                        "%.2f" % gain["copy_gain"], gain["bound"], "%.2f" % gain["share"], number(gain["required"])]
                       for record in result["workloads"] for gain in [record["gain"]] if gain]


COMPILE_HEAD = ["file", "wall s", "processor s", "code", "object", "wanted"]


def compile_table(result):
    rows = []
    for name, record in result["compile"].items():
        if "error" in record:
            rows.append([name, record["error"]] + ["-"] * 4)
        else:
            rows.append([name, "%.2f" % record["seconds"], "%.2f" % record["cpu_seconds"],
                         size(record["text_bytes"]), size(record["object_bytes"]),
                         "1 s, 200 kB"])
    return COMPILE_HEAD, rows


def tables(result):
    """(title, head, rows) of every table that has rows."""
    all_tables = (("Time, memory, share of the peak", workload_table),
                  ("Against the peers", peer_table),
                  ("What the other processors add", gain_table),
                  ("Compiling", compile_table))
    made = ((title, *make(result)) for title, make in all_tables)
    return [table for table in made if table[2]]


def facts_line(result):
    machine, versions = result["machine"], result["versions"]
    return ("%s, %d processors, %s of memory, %s; %s. Load when it began: %.2f. %s." % (
        machine["processor"], machine["processors"], size(machine["memory_bytes"]),
        machine["system"], ", ".join("%s %s" % pair for pair in sorted(versions.items())),
        machine["load"], machine["date"]))


def text(result):
    lines = [facts_line(result)]
    for title, head, rows in tables(result):
        widths = [max(len(line[i]) for line in [head] + rows) for i in range(len(head))]
        lines += ["", title, ""]
        lines += ["  ".join(cell.ljust(width) for cell, width in zip(line, widths)).rstrip()
                  for line in [head] + rows]
    return "\n".join(lines)


def markdown(result):
    lines = [facts_line(result)]
    for title, head, rows in tables(result):
        lines += ["", "### " + title, ""]
        lines += ["| " + " | ".join(cell.replace("|", "\\|") for cell in line) + " |"
                  for line in [head, ["---"] * len(head)] + rows]
    return "\n".join(lines)
