r"""Candidates: derivatives of functions.

    W^T \delta → W^T \delta \odot \sigma'(z)     \sigma(z) → \sigma'(z)     \sigma'(a) → \sigma'(z)

What the functions are taken at is known from the equations of the network.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from sympy import Expr

from symbp.functions import TABLE, Elementwise, Row
from symbp.judge.diagnosis.factors import alike, among, entrywise
from symbp.judge.diagnosis.names import scripts_at, uses
from symbp.judge.diagnosis.signs import without_factor
from symbp.judge.diagnosis.text import Edit, has_matrix_product, products, sites
from symbp.judge.diagnosis.work import Work
from symbp.reading.grammar.syntax import Call, Name, Node, walk
from symbp.reading.lexicon import Word
from symbp.system.equation import family_of


@dataclass(frozen=True)
class Activation:
    """f(argument), which is the family `output` where that is all of its equation."""

    row: Row
    argument: str
    output: str


def activations(w: Work) -> list[Activation]:
    """The functions of the network."""
    found = []
    for e in w.lexicon.system.equations:
        for node in sorted(e.rhs.atoms(Elementwise), key=str):
            argument = _family(node.args[0])
            output = _family(e.lhs) if node == e.rhs else ""
            found.append(Activation(node.row, argument, output))
    return list(dict.fromkeys(found))


def _family(e: Expr) -> str:
    found = family_of(e)
    return str(found) if found is not None else ""


def missing(w: Work) -> Iterator[str]:
    r"""One factor f'(z) more: \odot f'(z), f'(z_j), diag(f'(z)), a (1 - a)."""
    for factor in derivatives(w):
        for site in sites(w.wrong.tree):
            yield entrywise(w, site, factor)
            if has_matrix_product(site):
                inner = factor[1:-1] if factor.startswith("(") else factor
                yield from among(w, site, rf"\mathrm{{diag}}({inner})")


def derivatives(w: Work) -> list[str]:
    """f'(z) at the marks of the claim, as the author writes it."""
    here = {u.word.family for u in w.hand.uses if isinstance(u.word, Word)}
    known = activations(w)
    found = []
    for a in known:
        letters = [t for t, row in w.lexicon.functions.items() if row == a.row]
        for z in _names(w, {a.argument}):
            found += [f"{f}'({z})" for f in letters[:1]]
        for name in _names(w, {a.output} & here):
            found += [t for rule in CLOSED.get(a.row.name, ()) for t in [rule(w, name)]]
    return list(dict.fromkeys(found))


def _names(w: Work, families: set[str]) -> list[str]:
    """The names of some families with the indices of the claim."""
    words = [x for x in w.words if isinstance(x, Word) and x.family in families - {""}]
    return [text for x in words for text in w.written(x, near=False)]


def _squared(name: str) -> str:
    return f"({name})^2" if "^" in name else f"{name}^2"


def _logistic(w: Work, a: str) -> str:
    return w.times(a, f"(1 - {a})", None if w.has_entries else w.elementwise)


#: Derivatives written with the function's own value: tanh' = 1 − a².
CLOSED = {
    "sigmoid": (_logistic, lambda w, a: f"(1 - {a})"),
    "tanh": (lambda w, a: f"(1 - {_squared(a)})",),
}


def primes(w: Work) -> Iterator[str]:
    """f(z) → f'(z), and the other way."""
    m = w.wrong
    for n in walk(m.tree):
        if isinstance(n, Call) and isinstance(n.function, Name):
            start, end = m.span(n.function)
            if n.function.primes:
                text = m.source(n.function).replace("^{'}", "").replace("^{\\prime}", "")
                text = text.replace("^\\prime", "").replace("'", "")
                yield m.edited(Edit(start, end, text))
            elif n.function.base in w.lexicon.functions:
                if len(n.function.sup) == 1 and len(n.function.sup[0]) == 1:
                    letter = m.text[start : scripts_at(m.text, start + 1)].rstrip()
                    yield m.edited(Edit(start, end, f"{letter}'"))  # σ^l(z), meant as σ'(z)
                yield m.edited(Edit(start, end, _primed(m.source(n.function))))


def _primed(function: str) -> str:
    """f', and {f^{[l]}}' so that no two marks stand above each other."""
    return f"{{{function}}}'" if "^" in function else f"{function}'"


def arguments(w: Work) -> Iterator[str]:
    """f'(a) → f'(z)."""
    m = w.wrong
    calls = [n for n in walk(m.tree) if isinstance(n, Call) and n.function.primes]
    inside = [a for n in calls for a in n.arguments]
    for argument in inside:
        for u in uses(m, w.lexicon, argument):
            yield from (m.replaced(u.node, text) for text in alike(w, u))


def extra(w: Work) -> Iterator[str]:
    """One factor f'(z) less."""
    m = w.wrong
    for p in products(m.tree):
        for place, f in enumerate(p.factors):
            if _is_derivative(f):
                yield without_factor(m, p, place)


def _is_derivative(node: Node) -> bool:
    return any(isinstance(n, Call) and n.function.primes for n in walk(node))


assert set(CLOSED) <= set(TABLE), "closed derivatives of functions that no row has"
