"""`symbp derive mlp --sizes 2,2,1` from the shell, against the import of SymPy alone.

Run: python -m tests.benchmarks.bench_cli
"""

from __future__ import annotations

import subprocess
import sys
from statistics import median
from time import perf_counter

DERIVE = "from symbp.cli import main; main('derive mlp --sizes 2,2,1'.split())"
COMMANDS = {
    "symbp derive": [sys.executable, "-c", DERIVE],
    "import symbp": [sys.executable, "-c", "import symbp"],
    "import sympy": [sys.executable, "-c", "import sympy"],
}


def test_cli():
    times = {name: [] for name in COMMANDS}
    for _ in range(5):
        for name, command in COMMANDS.items():
            start = perf_counter()
            subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
            times[name].append(perf_counter() - start)
    print("\n" + ", ".join(f"{name} {median(found):.2f} s" for name, found in times.items()))


if __name__ == "__main__":
    test_cli()
