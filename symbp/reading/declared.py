"""Declared: what an author says of a network, in equations and a few words."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from symbp.errors import ReadingError, UnknownNameError, unknown
from symbp.functions import TABLE, Row, unspecified
from symbp.system import Kind

KINDS = {kind.value: kind for kind in Kind}


@dataclass(frozen=True)
class Declared:
    """Forward equations and definitions as LaTeX, and what letters mean."""

    equations: tuple[str, ...] = ()
    define: tuple[str, ...] = ()
    indices: Mapping[str, Kind] = field(default_factory=dict)
    shapes: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Name → sizes: ("n", "m") for a matrix, ("n",) a column, ("row", "n"), ("1",) a number."""
    functions: Mapping[str, str] = field(default_factory=dict)
    loss: str = ""
    layout: str = "columns"
    constants: tuple[str, ...] = ()
    names: tuple[str, ...] = ()
    sizes: Mapping[str, int] = field(default_factory=dict)
    """Depths and numbers of steps that are fixed: {"L": 4}."""
    batch: Mapping[str, str] = field(default_factory=dict)
    """X → x: X holds all samples of x."""
    summation: str = ""
    convolution: str = ""
    case: str = ""

    @property
    def all_scalar(self) -> bool:
        """Whether everything is one number."""
        return self.shapes.get("all") == ("1",)


def declared(entries: Mapping[str, Iterable[str]]) -> Declared:
    """The entries of a declaration, key by key.

    >>> declared({"indices": ["l layer, j k unit"], "loss": ["J"]}).loss
    'J'
    """
    e = {k: [v for v in values if v.strip()] for k, values in entries.items()}
    joined = {k: ", ".join(v) for k, v in e.items()}
    layout = joined.get("layout", "columns").strip()
    if layout not in ("rows", "columns"):
        raise unknown("layout", layout, ["rows", "columns"])
    return Declared(
        equations=tuple(e.get("equations", ())),
        define=tuple(e.get("define", ())),
        indices=_indices(joined.get("indices", "")),
        shapes=_shapes(joined.get("shapes", "")),
        functions=_functions(joined.get("functions", "")),
        loss=joined.get("loss", "").strip(),
        layout=layout,
        constants=tuple(_items(joined.get("constants", ""))),
        names=tuple(_items(joined.get("names", ""))),
        sizes=_sizes([*e.get("size", ()), *e.get("sizes", ())]),
        batch=_pairs(joined.get("batch", "")),
        summation=joined.get("summation", "").strip(),
        convolution=joined.get("convolution", "").strip(),
        case=joined.get("case", "").strip(),
    )


def _items(text: str) -> list[str]:
    return [part.strip() for part in text.split(",") if part.strip()]


def _indices(text: str) -> dict[str, Kind]:
    result: dict[str, Kind] = {}
    for part in _items(text):
        *letters, kind = part.split()
        if kind not in KINDS:
            raise unknown("kind of index", kind, list(KINDS))
        result |= dict.fromkeys(letters, KINDS[kind])
    return result


def _shapes(text: str) -> dict[str, tuple[str, ...]]:
    result: dict[str, tuple[str, ...]] = {}
    for part in _items(text):
        name, *sizes = part.split()
        if not sizes:
            raise ReadingError(f"shapes: {part!r} names no size (say: W n x m, z n, C 1)")
        result[name] = tuple(s for s in sizes if s not in ("x", "×", r"\times"))
    return result


def _functions(text: str) -> dict[str, str]:
    result: dict[str, str] = {}
    for part in _items(text):
        words = part.split()
        if len(words) != 2:
            raise ReadingError(rf"functions: {part!r} (say: \sigma sigmoid)")
        result[words[0]] = words[1]
    return result


def _sizes(lines: Iterable[str]) -> dict[str, int]:
    result: dict[str, int] = {}
    for line in lines:
        for part in line.replace(";", ",").split(","):
            name, _, number = (p.strip() for p in part.partition("="))
            if not number.isdigit() or int(number) < 1:
                raise ReadingError(f"sizes: {part.strip()!r} is not of the form L = 3")
            result[name] = int(number)
    return result


def _pairs(text: str) -> dict[str, str]:
    result: dict[str, str] = {}
    for part in _items(text):
        left, equals, right = (p.strip() for p in part.partition("="))
        if not (left and equals and right):
            raise ReadingError(f"batch: {part!r} (say: X = x)")
        result[left] = right
    return result


def function_row(letter: str, meaning: str) -> Row:
    """The row of the table for a declared meaning; a new unspecified row for "any"."""
    if meaning == "any":
        return unspecified(letter.lstrip("\\") + "·any", letter)
    known = {"ln": "log", "logistic": "sigmoid", "step": "step", "sgn": "sign"}
    row = TABLE.get(known.get(meaning, meaning).replace("-", "_"))
    if row is None:
        raise UnknownNameError(
            f"functions: {letter} is {meaning!r}, which no table has "
            f"(known: any, softmax, {', '.join(sorted(TABLE))})"
        )
    return row
