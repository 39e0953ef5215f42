"""What all benchmarks share."""

import contextlib
import platform
import statistics
import sys
import time

import numba
import numpy as np
import sklearn


def processor():
    with contextlib.suppress(OSError), open("/proc/cpuinfo") as file:
        for line in file:
            if line.startswith("model name"):
                return line.split(":")[1].strip()
    return platform.processor()


def machine():
    """CPU, versions and command, as a line of a report."""
    return (
        f"CPU: {processor()}; Python {platform.python_version()}, numpy {np.__version__}, "
        f"numba {numba.__version__}, scikit-learn {sklearn.__version__}."
    )


def seconds(job, repetitions=5):
    """Median time of a job, after it has been done once."""
    job()
    times = []
    for _ in range(repetitions):
        start = time.perf_counter()
        job()
        times.append(time.perf_counter() - start)
    return statistics.median(times)


def write_report(lines, path, module_doc):
    """Write a report: its title, the command of the module's docstring, and the rest."""
    command = next(line.strip() for line in module_doc.splitlines() if line.startswith("    "))
    title, *rest = lines
    text = "\n".join([title, "", f"`{command}`", *rest]).rstrip() + "\n"
    print(text)
    if path:
        with open(path, "w") as file:
            file.write(text)
    sys.stdout.flush()
