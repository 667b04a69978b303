r"""The lexicon of a library network in a notation: what the writer writes, the reader reads.

\delta^{(l)}, \Theta^{(l)}, a^{(l)}_j    in the notation ng, over the System of networks.mlp
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace

from sympy import Expr, Symbol

from symbp.functions import TABLE, Elementwise, Row
from symbp.notation import Notation, Style
from symbp.reading.grammar.lexer import tokens
from symbp.reading.grammar.parser import parse
from symbp.reading.lexicon import Abbreviation, Lexicon, Place, Word
from symbp.system import Equation, Kind, Role, System, Variable
from symbp.system.equation import index_base, walk

DEPTH = Symbol("L", integer=True)
GREEK = ("lambda", "alpha", "delta")
#: Rows that are written with the notation's letter for the activation.
NAMELESS = ("sigmoid", "sigma", "f", "g")
RATES = (r"\alpha", r"\eta", r"\epsilon", r"\lambda", r"\mu")


def lexicon_of(system: System, notation: Notation, case: str = "") -> Lexicon:
    """The words of a notation for the families of a System."""
    taken = system.by_name
    open_rates = [r for r in RATES if r not in taken and r.lstrip("\\") not in taken]
    rates = tuple(Variable(r, role=Role.HYPERPARAMETER) for r in open_rates)
    whole = system.extended(rates, ())
    words = [w for v in whole.variables for w in _words(v, notation)]
    lexicon = Lexicon(
        whole,
        tuple(sorted(words, key=lambda w: not w.places)),
        functions={notation.activation: _activation(system), **_letters(system, notation)},
        indices={notation.layer_letter: Kind.LAYER, r"\ell": Kind.LAYER},
        sizes={
            notation.depth: DEPTH + notation.depth_shift,
            **_samples(system),
            **_widths(system, notation),
        },
        counted=True,
        width=(notation.styles["n"].entry, notation.styles["n"].layer)
        if "n" in notation.styles
        else ("n", 0),
        constants=frozenset(r.name for r in rates),
        loss=system.loss,
        rows=notation.layout.samples == "rows",
        called=frozenset({notation.styles["C"].entry} if "C" in notation.styles else ()),
        case=case,
    )
    return replace(lexicon, abbreviations=tuple(_deltas(lexicon, notation)))


def _samples(system: System) -> dict[str, Symbol]:
    """m, the number of samples."""
    return {"m": system["m"].atom} if "m" in system.by_name else {}


def _widths(system: System, notation: Notation) -> dict[str, Expr]:
    """n_L, the number of units of the last layer."""
    letter = notation.styles["n"].entry if "n" in notation.styles else "n"
    return {f"{letter}_{notation.depth}": index_base("n")[DEPTH]} if "n" in system.by_name else {}


def _activation(system: System) -> Row:
    """The row that the activation's letter stands for: the first without a name of its own."""
    rows = [row for row in _rows(system.defining("a")) if row.name not in ("exp", "log")]
    nameless = [row for row in rows if row.name in NAMELESS]
    return next(iter(nameless or rows), TABLE["sigma"])


def _letters(system: System, notation: Notation) -> dict[str, Row]:
    """f and g where the System has functions by these names."""
    rows = {row.name: row for row in _rows(system.equations)}
    return {letter: rows[letter] for letter in ("f", "g") if letter in rows}


def _rows(equations: Iterable[Equation]) -> Iterator[Row]:
    """The functions in equations."""
    return (n.row for e in equations for n, _ in walk(e.rhs) if isinstance(n, Elementwise))


def _words(variable: Variable, notation: Notation) -> Iterator[Word]:
    """A family entry by entry, all its samples, and its first and last layer."""
    if variable.role is Role.SIZE or variable.adjoint_of:
        return
    plain_letter = "\\" + variable.name if variable.name in GREEK else variable.name
    style = notation.styles.get(variable.name, Style(plain_letter))
    places = _places(variable, style, notation)
    units = [p for p in places if p.kind is Kind.UNIT]
    flipped = len(units) == 2 and notation.layout.weights == "from-to"
    fixed = (("_", style.subscript),) if style.subscript else ()
    plain = tuple(p for p in places if p.kind is not Kind.SAMPLE)
    has_samples = len(plain) < len(places)
    if has_samples:
        letter = style.batch or style.whole or style.entry
        yield Word(_base(letter), variable.name, plain, fixed, flipped=flipped, whole=True)
    for letter in dict.fromkeys((style.entry, style.whole or style.entry)):
        yield Word(
            _base(letter),
            variable.name,
            places,
            fixed,
            flipped=flipped,
            mark=notation.layer_mark,
        )
    layer = next((i for i, s in enumerate(variable.slots) if s.kind is Kind.LAYER), None)
    if layer is not None:
        r = variable.slots[layer].range
        rest = tuple(p for p in places if p.kind is not Kind.LAYER)
        for letter, end in ((style.first, r.lower), (style.last, r.upper)):
            if letter and has_samples:
                bare = tuple(p for p in rest if p.kind is not Kind.SAMPLE)
                yield Word(_base(letter), variable.name, bare, at={layer: end}, whole=True)
            if letter:
                yield Word(_base(letter), variable.name, rest, at={layer: end}, flipped=flipped)


def _base(letter: str) -> str:
    r"""The letter as the lexer writes it: \textbf{W} is W, \hat y is \hat{y}."""
    read = tokens(letter)
    return read[0].text + "'" * sum(t.text == "'" for t in read)


def _places(variable: Variable, style: Style, notation: Notation) -> tuple[Place, ...]:
    """Layer and sample above, units below, in the order of the notation."""
    above: list[Place] = []
    below: list[Place] = []
    for number, slot in enumerate(variable.slots):
        if slot.kind is Kind.LAYER:
            above.append(Place(number, "^", Kind.LAYER, style.layer))
        elif slot.kind is Kind.SAMPLE:
            above.insert(0 if notation.sample_first else len(above), Place(number, "^", slot.kind))
        else:
            below.append(Place(number, "_", slot.kind))
    if len(below) == 2 and notation.weights == "from-to":
        below.reverse()
    return (*above, *below)


def _deltas(lexicon: Lexicon, notation: Notation) -> Iterator[Abbreviation]:
    """δ for ∂C/∂z, where the notation has a letter for it."""
    if not notation.delta or "z" not in lexicon.system.by_name:
        return
    z, cost = notation.styles["z"], notation.styles["C"].entry
    mark = notation.layer_mark.format(notation.layer_letter)
    samples = any(s.kind is Kind.SAMPLE for s in lexicon.system["z"].slots)
    sample = notation.sample_mark.format("i") if samples else ""
    text = rf"\frac{{\partial {cost}}}{{\partial {z.entry}^{{{sample}{',' * samples}{mark}}}}}"
    body = parse(tokens(text), lexicon.vocabulary)
    kinds = [("^", Kind.SAMPLE, "i")] if samples else []
    places = (*kinds, ("^", Kind.LAYER, notation.layer_letter))
    for letter in dict.fromkeys((notation.delta, notation.delta_whole or notation.delta)):
        yield Abbreviation(_base(letter), places, body)
    if samples:
        yield Abbreviation(_base(notation.delta_batch), places, body, whole=True)
