"""Declared: what an author says of a network, in equations and a few words."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from symbp.errors import ReadingError, UnknownNameError, unknown
from symbp.functions import TABLE, Row, unspecified
from symbp.system import Kind
from symbp.system.domains import Domain, domain_of

#: What may be said of further, as in: * cross-correlation padding 1.
WINDOWS = {"cross-correlation", "convolution", "mean", "max", "adjoint"}
KINDS = {kind.value: kind for kind in Kind}
_LETTER, _SCRIPT = r"\\?[A-Za-z]+(?:\{[A-Za-z]\})?", r"[_^](?:\{[^{}]*\}|\w|\([^()]*\))"
_NAME = re.compile(rf"\s*({_LETTER})\s*(?:{_SCRIPT})*\s*$")
LABELS = ("fixed", "label")  #: what a letter is that stands for one unit all along


@dataclass(frozen=True)
class Declared:
    """Forward equations and definitions as LaTeX, and what letters mean."""

    equations: tuple[str, ...] = ()
    within: Mapping[str, Domain] = field(default_factory=dict)
    """What values data have, from lines such as y_i \\in \\{-1, 1\\}: {"y": SIGNS}."""
    define: tuple[str, ...] = ()
    indices: Mapping[str, Kind] = field(default_factory=dict)
    groups: Mapping[str, str] = field(default_factory=dict)
    """The layer to which the units of a letter belong: {"k": "l+1"}."""
    fixed: frozenset[str] = frozenset()
    """Letters that stand for one unit all along, the true class: the label y of p_y."""
    shapes: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Name → sizes: ("n", "m") for a matrix, ("n",) a column, ("row", "n"), ("1",) a number."""
    functions: Mapping[str, str] = field(default_factory=dict)
    loss: str = ""
    layout: str = ""
    """`rows` or `columns`, which each sample is of a batch; columns where it is not said."""
    constants: tuple[str, ...] = ()
    names: tuple[str, ...] = ()
    sizes: Mapping[str, int] = field(default_factory=dict)
    """Depths and numbers of steps that are fixed: {"L": 4}."""
    batch: Mapping[str, str] = field(default_factory=dict)
    """X → x: X holds all samples of x."""
    depths: Mapping[str, str] = field(default_factory=dict)
    """Other names of the last layer or step: {"L": "nl"}."""
    where: tuple[str, ...] = ()
    r"""Conditions on index letters that hold for what follows: i \neq j."""
    samples: str = ""
    """A letter under a sum over all samples, whose quantities are not marked: Σ_x."""
    rows: tuple[str, ...] = ()
    """Matrices of which W_j is row j."""
    columns: tuple[str, ...] = ()
    """Matrices of which W_j is column j."""
    continues: str = ""
    """The left side that a formula which begins with = goes on with."""
    summation: str = ""
    r"""`implied`: an index that stands twice in a product is summed."""
    products: str = ""
    """`elementwise`: two columns, or two rows, side by side are multiplied entry by entry."""
    assumes_totals: bool = False
    r"""Whether Σ_j y_j = 1 is assumed of the targets."""
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
    indices = _indices(joined.get("indices", ""))
    layers = {x for x, kind in indices.items() if kind is Kind.LAYER} | {"l", r"\ell"}
    numbers, depths = _sizes(layers, [*e.get("size", ()), *e.get("sizes", ())])
    return Declared(
        equations=tuple(e.get("equations", ())),
        define=tuple(e.get("define", ())),
        indices=indices,
        groups=_groups(joined.get("indices", "")),
        fixed=_fixed(joined.get("indices", "")),
        shapes=_shapes(joined.get("shapes", "")),
        functions=_functions(joined.get("functions", "")),
        loss=joined.get("loss", "").strip(),
        layout=_one_of("layout", joined, "rows", "columns"),
        constants=tuple(_items(joined.get("constants", ""))),
        names=tuple(_items(joined.get("names", ""))),
        sizes=numbers,
        depths=depths,
        where=tuple(_items(joined.get("where", ""))),
        samples=joined.get("samples", "").strip(),
        rows=tuple(_items(joined.get("rows", ""))),
        columns=tuple(_items(joined.get("columns", ""))),
        continues=joined.get("continues", "").strip(),
        batch=_pairs(joined.get("batch", "")),
        summation=_one_of("summation", joined, "implied"),
        products=_one_of("products", joined, "elementwise"),
        assumes_totals=_assumes_totals(e.get("assume", ())),
        case=joined.get("case", "").strip(),
    )


def _one_of(key: str, given: Mapping[str, str], *known: str) -> str:
    """The value of a key, which is one of few; "" where it is not given."""
    value = given.get(key, "").strip()
    if value and value not in known:
        raise unknown(key, value, list(known))
    return value


def _assumes_totals(texts: Sequence[str]) -> bool:
    for text in texts:
        if not re.fullmatch(r"\\sum.*=\s*1", text.strip()):
            raise ReadingError(rf"assume: {text!r} is not known; only \sum_j y_j = 1 is")
    return bool(texts)


def _items(text: str) -> list[str]:
    return [part.strip() for part in text.split(",") if part.strip()]


def _indices(text: str) -> dict[str, Kind]:
    result: dict[str, Kind] = {}
    for part in _items(text):
        *letters, kind = part.split()
        if kind in LABELS:
            continue
        if letters[1:] and letters[-1] == "unit":  # k unit l+1
            *letters, kind = letters
        if kind not in KINDS:
            raise unknown("kind of index", kind, list(KINDS))
        result |= dict.fromkeys(letters, KINDS[kind])
    return result


def _groups(text: str) -> dict[str, str]:
    """The layers of "j unit l, k unit l+1"."""
    entries = [part.split() for part in _items(text)]
    found = [(e[:-2], e[-1]) for e in entries if len(e) > 2 and e[-2] == "unit"]
    return {letter: layer for letters, layer in found for letter in letters}


def _fixed(text: str) -> frozenset[str]:
    """The letters of "k fixed" and "y label"."""
    entries = [part.split() for part in _items(text)]
    return frozenset(letter for *letters, kind in entries if kind in LABELS for letter in letters)


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
        if len(words) < 2 or (len(words) > 2 and words[1] not in WINDOWS):
            raise ReadingError(rf"functions: {part!r} (say: \sigma sigmoid)")
        result[words[0]] = " ".join(words[1:])
    return result


def _sizes(layers: Collection[str], lines: Iterable[str]) -> tuple[dict[str, int], dict[str, str]]:
    """(numbers, other names of sizes): L = 3, L = nl; t = 0..4 says that T = 4."""
    numbers: dict[str, int] = {}
    names: dict[str, str] = {}
    for line in lines:
        for part in line.replace(";", ",").split(","):
            name, _, value = (p.strip() for p in part.partition("="))
            first, dots, last = value.partition("..")
            if value.isdigit() and int(value) > 0:
                numbers[name] = int(value)
            elif dots and first.isdigit() and last.isdigit():
                numbers["L" if name in layers else "T"] = int(last)
            elif name and value and not dots:
                names[name] = value
            else:
                raise ReadingError(f"sizes: {part.strip()!r} is not of the form L = 3")
    return numbers, names


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


def with_domains(given: Declared) -> Declared:
    r"""The declaration with lines such as y_i \in \{0, 1\} apart from the equations.

    >>> with_domains(Declared(equations=("z = w^T x", r"y \in \{-1, 1\}"))).equations
    ('z = w^T x',)
    """
    within = dict(given.within)
    equations = []
    for line in given.equations:
        name, sign, text = line.strip().strip("$").partition(r"\in")
        if not sign or "=" in line or not _NAME.match(name):
            equations.append(line)
            continue
        domain = domain_of(text)
        if domain is None:
            raise ReadingError(
                rf"{line}: {text.strip()} is no set of values that is known (say: \{{-1, 1\}}, "
                r"\{0, 1\}, \{0, 1, 2, \ldots\}, (0, 1) or \mathbb{R}_+)"
            )
        within[_NAME.match(name)[1]] = domain  # type: ignore[index]
    return replace(given, equations=tuple(equations), within=within)
