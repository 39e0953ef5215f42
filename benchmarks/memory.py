"""Peak memory, and linear time, of `fit` on 60,000 x 784 features.

    python benchmarks/memory.py --output benchmarks/reports/memory.md

Each size runs in a process of its own; memory is that of the whole process, data and
libraries included.
"""

import argparse
import json
import subprocess
import sys

import numpy as np
from common import machine, write_report

CHILD = """
import json, resource, sys, time
import numpy as np
from nervos_sklearn import SNNClassifier
n, learning = int(sys.argv[1]), sys.argv[2]
rng = np.random.default_rng(0)
tile = rng.random((1000, 784)) * (rng.random((1000, 784)) < 0.2)
y = np.arange(n) % 10
X = np.empty((n, 784))
for k in range(n):
    X[k] = tile[k % 1000]
X[np.arange(n), y] += 1
encoder = "rate" if learning == "stdp" else "latency"
clf = SNNClassifier(80, learning=learning, encoder=encoder, epochs=1, random_state=0)
clf.fit(X[:200], y[:200])
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
start = time.perf_counter()
clf.fit(X, y)
seconds = time.perf_counter() - start
peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
print(json.dumps({"seconds": seconds, "before": before / 1024, "peak": peak / 1024}))
"""


def measure(n_samples, learning):
    command = [sys.executable, "-c", CHILD, str(n_samples), learning]
    return json.loads(subprocess.run(command, check=True, capture_output=True).stdout)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--output", help="Markdown file to write")
    parser.add_argument("--samples", type=int, default=60_000, help="the largest of three sizes")
    options = parser.parse_args()
    lines = ["# Memory", "", machine(), ""]
    lines += [
        "`SNNClassifier(80, epochs=1).fit` on n x 784 features of double precision, one channel",
        "a feature.",
        "",
        "| learning | samples | data, MB | before fit, MB | peak, MB | seconds | exponent |",
        "|---|---|---|---|---|---|---|",
    ]
    sizes = [options.samples // k for k in (4, 2, 1)]
    for learning in ("prototype", "margin", "stdp"):
        results = [measure(n, learning) for n in sizes]
        slope = np.polyfit(np.log(sizes), np.log([r["seconds"] for r in results]), 1)[0]
        for n, r in zip(sizes, results, strict=True):
            lines.append(
                f"| {learning} | {n:,} | {n * 784 * 8 / 2**20:.0f} | {r['before']:.0f} | "
                f"{r['peak']:.0f} | {r['seconds']:.1f} | {slope:.2f} |"
            )
    write_report(lines, options.output, __doc__)


if __name__ == "__main__":
    main()
