"""How long `import symbp` takes in a new interpreter, against SymPy alone."""

import subprocess
import sys
from time import perf_counter


def seconds(statement: str) -> float:
    """The best of three, start of the interpreter included."""
    times = []
    for _ in range(3):
        start = perf_counter()
        subprocess.run([sys.executable, "-c", statement], check=True)
        times.append(perf_counter() - start)
    return min(times)


def test_import_time():
    sympy, symbp = seconds("import sympy"), seconds("import symbp")
    print(f"\nimport sympy {sympy:.2f} s, import symbp {symbp:.2f} s")
