"""What sums of products are made of: atoms, terms, and one name for each of them.

A term is a product of powers of atoms under sums, ((letter, lower, upper), ...), ((atom, power),
...). A polynomial is a dict from terms to rational coefficients. An atom is a tuple that begins
with its kind:

    entry      family, indices                       W[l, j, k]
    size       part                                  n, n_l as a number
    apply      function, order, argument, parameters σ'(z)
    exp        term                                  e^t
    base       polynomial                            1/(1 + x) is its power −1
    equal      e                                     [e = 0]
    derivative entry, entry                          ∂C/∂z[l, j]
    whole      function, letter, limits, entries, partials   an unspecified loss C(o, y)
    constant   name                                  π

Arguments and bases are polynomials as sorted tuples. The letters of a term are named by its
height and a number, in the order that makes the term's text least: so two terms that differ only
by the names of their letters are the same tuple.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from fractions import Fraction
from functools import lru_cache
from itertools import count, permutations, product
from math import factorial, prod
from typing import Any

from symbp.judge.scope.linear import Lin, Uncovered, in_order, letter, letters, substitute

Atom = tuple[Any, ...]
Bound = tuple[str, Lin, Lin]
Factors = dict[Atom, Any]
Term = tuple[tuple[Bound, ...], tuple[tuple[Atom, Any], ...]]
Poly = dict[Term, Fraction]
Key = tuple[tuple[Term, Fraction], ...]
Letters = Mapping[str, Lin]

#: The most orders of the letters of one term that are tried.
MOST_ORDERS = 720
_fresh = count()
UNIT: Term = ((), ())


def new_letter() -> str:
    """A letter that stands nowhere else; later ones come later in the alphabet, however many."""
    return f"?{next(_fresh):012}"


def key_of(p: Poly) -> Key:
    """A polynomial as a tuple; equal ones give the same."""
    return in_order(p.items())


@lru_cache(maxsize=1 << 14)
def height(atom: Atom) -> int:
    """How deep sums are nested in the arguments of an atom."""
    return max((_term_height(t) for key in keys_in(atom) for t, _ in key), default=0)


def _term_height(term: Term) -> int:
    return bool(term[0]) + max((height(a) for a, _ in term[1]), default=0)


@lru_cache(maxsize=1 << 14)
def weight(atom: Atom) -> int:
    """How much there is inside an atom."""
    inner = (1 + sum(weight(a) for a, _ in t[1]) for key in keys_in(atom) for t, _ in key)
    return 1 + sum(inner)


def keys_in(atom: Atom) -> tuple[Key, ...]:
    """The polynomials inside an atom."""
    kind = atom[0]
    if kind == "apply":
        return (atom[3], *atom[4])
    if kind == "exp":
        return (((atom[1], Fraction(1)),),)
    if kind == "base":
        return (atom[1],)
    return (atom[5], atom[6]) if kind == "whole" else ()


@lru_cache(maxsize=1 << 14)
def free_letters(atom: Atom) -> frozenset[str]:
    """The letters of an atom that no sum inside it binds."""
    kind = atom[0]
    if kind == "entry":
        return frozenset().union(*(letters(i) for i in atom[2]))
    if kind == "size":
        part = atom[1]
        return letters(Lin(0, ((part, 1),)))
    if kind == "equal":
        return letters(atom[1])
    if kind == "derivative":
        return free_letters(atom[1]) | free_letters(atom[2])
    found: set[str] = set()
    for key in keys_in(atom):
        for (bounds, factors), _ in key:
            inner: set[str] = set().union(*(free_letters(a) for a, _ in factors))
            inner |= {s for _, lo, hi in bounds for s in letters(lo) | letters(hi)}
            found |= inner - {b for b, *_ in bounds}
    if kind == "whole":
        found -= {atom[2]}
        found |= letters(atom[3]) | letters(atom[4])
        found |= set().union(*(letters(i) for i in atom[7]))
    return frozenset(found)


def relabelled(atom: Atom, names: Letters) -> Atom:
    """An atom with letters called otherwise; no two of them become one."""
    if not free_letters(atom) & names.keys():
        return atom
    kind = atom[0]
    if kind == "entry":
        return (kind, atom[1], tuple(substitute(i, names) for i in atom[2]))
    if kind == "size":
        (part, _) = substitute(Lin(0, ((atom[1], 1),)), names).parts[0]
        return (kind, part)
    if kind == "equal":
        return (kind, substitute(atom[1], names))
    if kind == "derivative":
        return (kind, relabelled(atom[1], names), relabelled(atom[2], names))
    if kind == "apply":
        rest = tuple(_relabelled_key(k, names) for k in atom[4])
        return (*atom[:3], _relabelled_key(atom[3], names), rest)
    if kind == "exp":
        return (kind, _relabelled_term(atom[1], names))
    if kind == "base":
        return (kind, _relabelled_key(atom[1], names))
    limits = (substitute(i, names) for i in atom[3:5])
    entries = (_relabelled_key(k, names) for k in atom[5:7])
    return (*atom[:3], *limits, *entries, tuple(substitute(i, names) for i in atom[7]))


def _relabelled_key(key: Key, names: Letters) -> Key:
    moved: Poly = {}
    for term, c in key:
        new = _relabelled_term(term, names)
        moved[new] = moved.get(new, Fraction(0)) + c
    return key_of(moved)


def _relabelled_term(term: Term, names: Letters) -> Term:
    bounds, factors = term
    moved = [(b, substitute(lo, names), substitute(hi, names)) for b, lo, hi in bounds]
    return canonical(moved, {relabelled(a, names): e for a, e in factors})


def opened(term: Term) -> tuple[list[Bound], Factors]:
    """The sums and factors of a term with letters of their own."""
    bounds, factors = term
    if not bounds:
        return [], dict(factors)
    names = {b: letter(new_letter()) for b, *_ in bounds}
    moved = [(_name(names[b]), substitute(lo, names), substitute(hi, names))
             for b, lo, hi in bounds]  # fmt: skip
    return moved, {relabelled(a, names): e for a, e in factors}


def _name(a: Lin) -> str:
    return str(a.parts[0][0])


def canonical(bounds: Sequence[Bound], factors: Factors) -> Term:
    """The term with its letters in the order that makes its text least."""
    if not bounds:
        return (), in_order(factors.items())
    level = 1 + max((height(a) for a in factors), default=0)
    best: tuple[str, Term] | None = None
    orders = list(_orders(bounds, factors))
    for order in orders:
        names = {b: letter(f"~{level}.{n}") for n, b in enumerate(order)}
        moved: Factors = {}
        for a, e in factors.items():
            new = relabelled(a, names)
            moved[new] = moved.get(new, 0) + e
        sums = sorted((_name(names[b]), substitute(lo, names), substitute(hi, names))
                      for b, lo, hi in bounds)  # fmt: skip
        term = tuple(sums), in_order(moved.items())
        text = repr(term) if len(orders) > 1 else ""
        if best is None or text < best[0]:
            best = text, term
    assert best is not None
    return best[1]


def _orders(bounds: Sequence[Bound], factors: Factors) -> Iterator[list[str]]:
    """The orders of the letters that their ranges and places leave open."""
    if len(bounds) == 1:
        yield [bounds[0][0]]
        return
    groups: dict[str, list[str]] = {}
    for bound in bounds:
        groups.setdefault(_colour(bound, bounds, factors), []).append(bound[0])
    ordered = [groups[colour] for colour in sorted(groups)]
    if prod(factorial(len(g)) for g in ordered) > MOST_ORDERS:
        raise Uncovered
    for choice in product(*(permutations(g) for g in ordered)):
        yield [name for group in choice for name in group]


def _colour(bound: Bound, bounds: Sequence[Bound], factors: Factors) -> str:
    """What tells a letter from others whatever they are called."""
    marks = {b: letter("*") for b, *_ in bounds} | {bound[0]: letter("@")}
    uses = sorted(
        repr((relabelled(a, marks), e)) for a, e in factors.items() if bound[0] in free_letters(a)
    )
    return repr((substitute(bound[1], marks), substitute(bound[2], marks), uses))


def shape(term: Term) -> str:
    """A term's text without the names of its letters."""
    bounds, factors = term
    marks = {s: letter("*") for a, _ in factors for s in free_letters(a)}
    return repr((len(bounds), sorted(repr((relabelled(a, marks), e)) for a, e in factors)))
