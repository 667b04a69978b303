r"""Candidates: signs, constant factors, powers, lost brackets.

    y - a → a - y     -x → x     \frac{\lambda}{2n} → \frac{\lambda}{n}     a + b c → (a + b) c

Which constants there are, the lexicon knows: numbers of samples and steps, rates, 2.
"""

from __future__ import annotations

from collections.abc import Iterator

from symbp.judge.diagnosis.text import Edit, Member, factors, glued, products, sites, sums
from symbp.judge.diagnosis.work import Work
from symbp.reading.grammar.syntax import (
    Bracket,
    Call,
    Derivative,
    Fraction,
    Name,
    Node,
    Number,
    Product,
    Sum,
    children,
    walk,
)
from symbp.system import Kind, Role

# -- signs ---------------------------------------------------------------------------------------


def signs(w: Work) -> Iterator[str]:
    """A difference turned round, one sign changed, a minus before the whole or an argument."""
    m = w.wrong
    for s in sums(m.tree):
        yield from (_changed(m, s, place) for place in range(1, len(s.terms)))
    for s in sums(m.tree):
        if len(s.terms) == 2 and s.terms[0][0] != s.terms[1][0]:
            yield _turned(m, s)
    for s in sums(m.tree):
        yield _changed(m, s, 0)
    yield f"-{w.as_factor(m, m.tree)}"
    for n in walk(m.tree):
        if isinstance(n, Product):
            yield from (m.replaced(f, f"-{m.source(f)}") for f in n.factors[:1])
        if isinstance(n, Call):
            yield from (m.replaced(a, f"-{w.as_factor(m, a)}") for a in n.arguments)
        if isinstance(n, Bracket):
            yield from (m.edited(Edit(t.start, t.end, "-" if t.text == "+" else "+"))
                        for script in n.sup for t in script if t.text in ("+", "-"))  # fmt: skip


def _turned(m: Member, s: Sum) -> str:
    """b - a for a - b, and a - b for -a + b."""
    (first, a), (_, b) = s.terms
    x, y = (a, b) if first < 0 else (b, a)
    start = min(s.start, m.span(a)[0])
    return m.edited(Edit(start, m.span(b)[1], f"{m.source(x)} - {m.source(y)}"))


def _changed(m: Member, s: Sum, place: int) -> str:
    """One term with the other sign."""
    term = s.terms[place][1]
    sign = m.term_sign(s, place)
    if sign is None:
        start, _ = m.span(term)
        return m.edited(Edit(start, start, "-"))
    if place == 0:
        return m.without(sign.start, sign.end) if sign.text == "-" else m.edited(
            Edit(sign.start, sign.end, "-"))  # fmt: skip
    return m.edited(Edit(sign.start, sign.end, "-" if sign.text == "+" else "+"))


# -- constant factors ----------------------------------------------------------------------------


def constants(w: Work) -> Iterator[str]:
    """A constant dropped, a number doubled or halved, a constant put before all or one term."""
    m = w.wrong
    for p in products(m.tree):
        for place, f in enumerate(p.factors):
            if w.is_constant(f):
                yield without_factor(m, p, place)
    for f in _whole_fractions(m):
        if w.is_constant(f.below):
            yield m.replaced(f, m.source(f.above))
    places = [s for s in sites(m.tree) if not w.is_constant(s)]
    for c in _multipliers(w):
        yield from (multiplied(w, site, c) for site in places)


def _whole_fractions(m: Member) -> Iterator[Fraction]:
    for n in walk(m.tree):
        if isinstance(n, Fraction):
            yield n


def without_factor(m: Member, p: Product, place: int) -> str:
    """A product with one factor and the sign beside it left out."""
    if place:
        start, end = m.span(p.factors[place - 1])[1], m.span(p.factors[place])[1]
    else:
        start, end = m.span(p.factors[0])[0], m.span(p.factors[1])[0]
    return m.without(start, end)


def multiplied(w: Work, site: Node, c: str) -> str:
    r"""A constant before a term; into its fraction where it begins with one: \frac{2}{m}."""
    m = w.wrong
    first = factors(site)[0]
    if isinstance(first, Fraction) and isinstance(first.above, Number):
        number = first.above.text
        if c.isdigit() and number.isdigit():
            return m.replaced(first.above, str(int(number) * int(c)))
        if number == "1" and "frac" not in c:
            return m.replaced(first.above, c)
    if isinstance(first, Number) and first.text.isdigit() and c.isdigit():
        return m.replaced(first, str(int(first.text) * int(c)))
    if c.startswith(r"\frac{1}") and w.is_constant(first) and isinstance(first, Name):
        return m.replaced(first, rf"\frac{{{m.source(first)}}}" + c.removeprefix(r"\frac{1}"))
    start, _ = m.span(site)
    if isinstance(site, Sum):
        return m.replaced(site, f"{c} {w.bracketed(m.source(site))}")
    return glued(m.text[:start], f"{c} ", m.text[start:])


def _multipliers(w: Work) -> list[str]:
    sizes = counted(w)
    used = set().union(*(e.rhs.free_symbols for e in w.lexicon.system.equations))
    rates = [v for v in w.lexicon.system.with_role(Role.HYPERPARAMETER) if v.atom in used]
    bases = {x.family: x.base for x in w.lexicon.words}
    given = [bases.get(v.name, v.name) for v in rates]
    found = ["2", r"\frac{1}{2}"]
    found += [c for s in sizes for c in (rf"\frac{{1}}{{{s}}}", s)]
    found += [c for r in given for c in (r, f"2 {r}", *(rf"\frac{{{r}}}{{{s}}}" for s in sizes))]
    return found


def counted(w: Work) -> list[str]:
    """Letters of the numbers of samples and of steps, those that the claim uses first."""
    system = w.lexicon.system
    numbers = {
        str(s.range.upper): s.kind is Kind.TIME for v in system.variables for s in v.slots
        if s.kind in (Kind.SAMPLE, Kind.TIME)
    }  # fmt: skip
    letters = {t: str(size) for t, size in w.lexicon.sizes.items() if str(size) in numbers}
    here = {n.base for x in w.members for n in walk(x.tree) if isinstance(n, Name)}
    return sorted(letters, key=lambda t: (t not in here, numbers[letters[t]]))[:3]


# -- powers --------------------------------------------------------------------------------------


def powers(w: Work) -> Iterator[str]:
    """A square missing, or one too many."""
    m = w.wrong
    for n in _outside_derivatives(m.tree):
        if isinstance(n, Bracket | Name):
            for s in n.sup:
                if "".join(t.text for t in s) == "2":
                    start = m.text.rfind("^", 0, s[0].start)
                    end = s[-1].end + (m.text[s[-1].end : s[-1].end + 1] == "}")
                    yield m.without(start, end)
        if isinstance(n, Name):
            text = m.source(n)
            yield m.replaced(n, f"({text})^2" if n.sup else f"{text}^2")
        elif isinstance(n, Bracket) and n.shape == "(" and not n.sup:
            yield m.replaced(n, f"{m.source(n)}^2")


def _outside_derivatives(node: Node) -> Iterator[Node]:
    yield node
    if not isinstance(node, Derivative):
        for child in children(node):
            yield from _outside_derivatives(child)


# -- brackets ------------------------------------------------------------------------------------


def brackets(w: Work) -> Iterator[str]:
    """a + b c → (a + b) c, and a (b - c) → a b - c."""
    m = w.wrong
    for s in sums(m.tree):
        last = s.terms[-1][1]
        for f in factors(last)[:-1] if len(s.terms) > 1 else ():
            yield _enclosed(m, min(s.start, m.span(s.terms[0][1])[0]), m.span(f)[1])
    for p in products(m.tree):
        for place, f in enumerate(p.factors):
            if isinstance(f, Bracket) and isinstance(f.inner, Sum) and not (f.sup or f.sub):
                if place and isinstance(f.inner.terms[0][1], Number):
                    yield _opened(m, p, place, f.inner)
                yield m.replaced(f, m.source(f.inner))


def _enclosed(m: Member, start: int, end: int) -> str:
    return m.edited(Edit(start, start, "("), Edit(end, end, ")"))


def _opened(m: Member, p: Product, place: int, inner: Sum) -> str:
    """p (1 - y) as p - y."""
    number = inner.terms[0][1]
    rest = m.text[m.span(number)[1] : m.span(inner)[1]]
    start, end = m.span(p.factors[place - 1])[1], m.span(p.factors[place])[1]
    return m.edited(Edit(start, end, rest if rest[:1].isspace() else f" {rest}"))
