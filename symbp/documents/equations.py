r"""A file of forward equations: `symbp derive --equations rnn.tex`.

    h_t = \tanh(W x_t + U h_{t-1} + b)            equations:
    C = \frac{1}{2} \sum_{t=1}^T \|h_t - y_t\|^2       z = W x + b
                                                      C = any(\sigma(z), y)
                                                  functions: \sigma sigmoid

Equations alone, one on each line, or the words of a declaration. Lines that begin with # or % say
nothing.
"""

from __future__ import annotations

import re
from pathlib import Path

from symbp.documents.declaration import KEYS, parse
from symbp.documents.region import Declaration, Problem
from symbp.errors import ReadingError, ValueRangeError, at
from symbp.reading.declared import declared
from symbp.reading.model import system_of
from symbp.reading.model.letters import equation_lines
from symbp.system import System

#: What belongs to documents and to networks of the library, and has no meaning here.
_OTHER = "network notation activation bias reduction l1 l2 case skip define continues where".split()
OWN_KEYS = tuple(k for k in KEYS if k not in _OTHER)
_KEY = re.compile(rf"(?m)^[ \t]*({'|'.join(KEYS)})[ \t]*:")


def read_equations(path: Path) -> System:
    """The System that a file describes. Raises `SymbpError` with the file and the line."""
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "not UTF-8 text"
        raise ValueRangeError(f"{path}: {reason}") from error
    text = re.sub(r"(?m)^[ \t]*[#%].*$", lambda comment: " " * len(comment[0]), text)
    if not _KEY.search(text):
        text = "\n ".join(["equations:", *equation_lines(text)])
    return _declared_system(path, text)


def _declared_system(path: Path, text: str) -> System:
    lines = [(0, "")] + [(m.start(), m[0]) for m in re.finditer(r"(?m)^.*$", text)]
    found = parse(lines, 0, lambda offset: (text.count("\n", 0, offset) + 1, 1), OWN_KEYS)
    for one in found:
        if isinstance(one, Problem):
            raise ReadingError(f"{path}:{one.line}: {one.message}")
    entries = next((one.entries for one in found if isinstance(one, Declaration)), {})
    with at(path):
        if not entries.get("equations"):
            raise ReadingError("there are no equations (say: equations: and lines under it)")
        return system_of(declared(entries))
