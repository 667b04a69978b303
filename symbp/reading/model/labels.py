"""Which letters are labels, and the targets that they are in a System."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace

from sympy import Indexed, Symbol

from symbp.errors import ReadingError
from symbp.reading.declared import Declared, with_domains
from symbp.reading.grammar.marks import marks, text_of
from symbp.reading.grammar.syntax import BigSum, walk
from symbp.reading.labels import parts
from symbp.reading.model.quantities import Quantities
from symbp.reading.model.source import Source
from symbp.system import Equation, Role, Slot, Variable
from symbp.system.contents import is_datum
from symbp.system.domains import Domain
from symbp.system.equation import index_base


def with_labels(given: Declared, evidence: Mapping[str, int]) -> tuple[Source, Quantities]:
    """The equations and their quantities, with the labels that they imply among what is fixed."""
    given = with_domains(given)
    source = Source(given)
    quantities = Quantities(source, evidence)
    more = implied(quantities)
    if not more:
        return source, quantities
    source = Source(replace(given, fixed=given.fixed | more))
    return source, Quantities(source, evidence)


def implied(quantities: Quantities) -> frozenset[str]:
    """Letters that stand as an index of a vector which an equation defines, and mean nothing else.

    p_c where p = softmax(z) is an entry of p, unless an equation says what p_c is. Of what is given
    nothing is taken for granted: u_o beside u may be a vector of its own.
    """
    families = quantities.families
    defined = {quantities.key(e.left, families) for e in quantities.source.equations}
    named = quantities.source.named_marks()
    found = set()
    for key, f in families.items():
        below = [text for side, text in f.fixed if side == "_"]
        if key in defined or len(f.fixed) != 1 or len(below) != 1 or (f.base, below[0]) in named:
            continue
        name, _ = parts(below[0])
        plain = len(name) == 1 and name.islower() and name not in families
        if plain and f.base in defined and quantities.ranks.get(f.base) == 1:
            found.add(below[0])
    return frozenset(found | set(_left_out(quantities)))


def _left_out(quantities: Quantities) -> Iterator[str]:
    r"""The y of \sum_{j \neq y}, where nothing else binds it."""
    for e in quantities.source.equations:
        sums = [n for n in walk(e.right) if isinstance(n, BigSum)]
        bound = {t.text for n in sums for t in n.below[:1]}
        bound |= {t.text for m in (*marks(e.left.sub), *marks(e.left.sup)) for t in m.tokens}
        for n in sums:
            _, sign, other = text_of(n.below).partition(r"\neq")
            name, _ = parts(other)
            known = {*quantities.families, *quantities.source.indices, *bound}
            if sign and len(name) == 1 and name.islower() and not {name, other} & known:
                yield other


def targets(
    labels: Iterable[str], equations: Iterable[Equation], sample: Slot
) -> tuple[Variable, ...]:
    """The labels as families: one number, or one for each sample where the equations say so."""
    bases = {a.base for e in equations for a in e.rhs.atoms(Indexed)}
    numbers = {s.name for e in equations for s in e.rhs.atoms(Symbol) if is_datum(s)}
    names = sorted({parts(label)[0] for label in labels})
    of_samples = [n for n in names if index_base(n) in bases]
    alone = [n for n in names if n in numbers and n not in of_samples]
    return (
        *(Variable(n, (sample,), Role.TARGET) for n in of_samples),
        *(Variable(n, role=Role.TARGET) for n in alone),
    )


def ranged(variables: Sequence[Variable], within: Mapping[str, Domain]) -> tuple[Variable, ...]:
    """The families with the values that data have. Raises `ReadingError` for what is no data."""
    known = {v.name: v for v in variables}
    for name, domain in within.items():
        v = known.get(name)
        if v is None or v.role not in (Role.INPUT, Role.TARGET, Role.PARAMETER):
            what = "defined by an equation" if v is not None else "in no equation"
            raise ReadingError(rf"{name} \in {domain.latex}: {name} is {what}, no data")
        role = Role.INPUT if v.role is Role.PARAMETER else v.role
        known[name] = replace(v, role=role, within=domain)
    return tuple(known.values())
