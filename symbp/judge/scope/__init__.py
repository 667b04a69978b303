r"""At which sizes a claim holds: for every width and depth, where that has a proof.

A claim is first proved at the sizes judged, by values. That says nothing of other sizes: with e_4
the fourth elementary symmetric function, e_4 = 0 holds for one, two and three units and not for
four; Σ_j e^{x_i − x_j} e^{x_j} = 3 e^{x_i} holds for three units only, although j stands in every
factor; Σ_j x_j/n = Σ_j x_j/3 likewise. So nothing is extrapolated. left − right is taken with
letters for all sizes and layers, and the scope is "for every width and depth" only if it becomes 0.

The class. Rational combinations of products and of Σ (bounds: letters, sizes, numbers, also empty
and nested, and bounds that depend on letters outside) over: entries of families; sizes as numbers;
integer powers, and roots, of anything in the class; e^x; known and unspecified functions of
anything in the class; Kronecker's [i = j] and with it [i ≠ j] = 1 − [i = j]; derivatives df/du of
entries; unspecified losses C(o, y). Index maps are l + c and numbers. All else (floors, minima, an
index that is looked up in data, a guard [e ≥ 0] inside a term) is refused by `Uncovered`.

Theorem. Let P_0 = left − right and let each P_{i+1} come from P_i by one law of the list. If the
last one is 0, or is 0 after it was multiplied by powers of its denominators, then left = right at
all sizes, layers and times at which what was assumed holds and both sides have a meaning: no
denominator is 0 and every entry exists.

Proof. Fix sizes, layers, times, units and values at which all has a meaning. By induction on i it
is enough that P_i and P_{i+1} have the same value there. It is enough to see this of each law by
itself: laws are used inside sums and functions too, where equals may be put for equals.

1. Finite sums: + and · are commutative and distributive, Σ is linear, sums may be exchanged and
   their letters renamed. A term stands for the sum over all values of its letters that satisfy
   all their bounds, so the order of letters says nothing. This holds for empty sums too.
2. Σ_{k=a}^{b} g = (b − a + 1) g where g has no k and b − a + 1 ≥ 0 follows from what is assumed.
   If it does not follow, the sum stays as it is.
3. Σ_{k=a}^{b} [k = e] g(k) = g(e) where a ≤ e ≤ b follows; [j = k] g(j, k) = [j = k] g(j, j).
4. x^a x^b = x^{a+b} and x x^{-1} = 1 where x ≠ 0, which is assumed where 1/x stands. r² = u for a
   root r of u; no other law of roots is used, in particular not √(x²) = x.
   e^{s+t} = e^s e^t, e^0 = 1. s² = s of a step.
5. Functions: equal arguments give equal values. An argument is a polynomial of the class; two are
   taken for equal only if they are the same after the laws were used on them, so by induction on
   the nesting they are equal at all sizes. Nothing is concluded from arguments that differ.
   f' of a function of the table, and the values of relu, |x|, ... (of σ and tanh where the claim or
   the network writes e^x), are those of the table, by which values are computed too.
6. Definitions: an entry is the right side of the equation whose domain holds its index. That it
   does is decided from the ranges that are assumed, for a letter: `Known` says yes only if it
   follows for all values.
7. Derivatives: df/du[J] = [f is u[J]] + Σ over the uses of u of df/dlhs · ∂rhs/∂u[J], the chain
   rule (`adjoint`, whose contributions these are, with their ranges). f does not depend on families
   that its definition does not reach; if nothing that f reaches looks at later layers (times),
   not on later ones; if all of it is of one sample, not on other samples: there df/du = 0. Entries
   of one family in one block do not depend on each other: d u[I]/d u[J] = [I = J].
8. Where it is not decided whether e ≥ 0, for an e in layers and sizes, both cases e ≥ 0 and
   −e − 1 ≥ 0 are proved; they are all cases, since e is an integer. Where both l ≤ L and L ≤ l are
   assumed, l = L is used.
9. The end: D^k P = 0 with D ≠ 0 gives P = 0. D has no letter that a term of P sums over, so it is
   one number.

Nothing more is assumed of the sizes than that they are at least 1 (of depths: as much as the
System needs to have a meaning), and of the layers than that all entries of the claim exist and the
claim's own conditions; so with no size fixed the claim holds for every width and depth. ∎

Depth. With a letter l for the layer, 7 replaces ∂C/∂z[l] by ∂C/∂z[l+1] and stops there: whether
l + 1 is the last layer is not known. The claim is proved with ∂C/∂z[l+1] as a free variable, or not
at all. No induction over layers is needed, because nothing is unrolled. A claim that needs all
layers is unrolled at the depth judged only, with numbers for layers: "for every width, at depth
3". If that fails as well, the scope is "at sizes ...".

Where the claim was proved for targets that add up to one, Σ_j y_j = 1 is a further law.

What may go wrong: a proof is not found, or would take too long (`Purse`): then less is said than
holds. A mistake in these laws or in the rule would say too much only of claims that have been
proved at the sizes judged, by other code.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from functools import cached_property

import sympy as sp
from sympy import Expr, Symbol

from symbp.errors import DefinitionError
from symbp.judge.compare import WALKED, Sides
from symbp.judge.scope.algebra import Algebra
from symbp.judge.scope.linear import Known, Lin, Uncovered, letters, minus, plus
from symbp.judge.scope.proof import Goal, holds
from symbp.judge.scope.reader import Network, Reader
from symbp.judge.targets import class_slots
from symbp.reading.typed import Total
from symbp.system import Kind, Role, System
from symbp.system.contents import names_in
from symbp.system.equation import family_of, index_of, walk

#: What the sizes of each kind of index are called.
WORDS = {
    Kind.UNIT: "width", Kind.CHANNEL: "width", Kind.PLACE: "width", Kind.LAYER: "depth",
    Kind.TIME: "number of steps", Kind.SAMPLE: "number of samples",
}  # fmt: skip


class Scopes:
    """At which sizes the claims about one System hold that hold at the sizes judged."""

    def __init__(self, system: System, judged: System) -> None:
        self._given = system
        self.judged = judged
        self._known_texts: dict[tuple[Sides, bool], str] = {}

    @cached_property
    def system(self) -> System:
        """The System, with depths as small as its equations allow."""
        return _with_least_sizes(self._given)

    @cached_property
    def words(self) -> dict[str, str]:
        """For every size that a family has what it counts."""
        found: dict[str, str] = {}
        for v in self.system.variables:
            for s in v.slots if v.role is not Role.SIZE else ():
                for name in (*_counting(s.range.lower), *_counting(s.range.upper)):
                    found.setdefault(name, WORDS[s.kind])
        return {v.name: found[v.name] for v in self.system.with_role(Role.SIZE) if v.name in found}

    def used(self, sides: Sides) -> list[str]:
        """The sizes on which the sides may depend."""
        ends = (e for r in sides.axes for e in (r.lower, r.upper))
        names = {str(family_of(n)) for e in (sides.left, sides.right, *ends) for n, _ in walk(e)}
        if sides.left.has(Total) or sides.right.has(Total) or names & self._defined:
            return list(self.words)
        kinds = {WORDS[kind] for _, kind in sides.walked}
        return [name for name, word in self.words.items() if name in names or word in kinds]

    @cached_property
    def _defined(self) -> set[str]:
        return {e.family for e in self.system.equations}

    def text(self, sides: Sides, where: Sequence[Mapping[Symbol, int]], totals: bool) -> str:
        """The scope of a claim that holds at the sizes judged."""
        if (sides, totals) not in self._known_texts:
            self._known_texts[sides, totals] = self._text(sides, where, totals)
        return self._known_texts[sides, totals]

    def _text(self, sides: Sides, where: Sequence[Mapping[Symbol, int]], totals: bool) -> str:
        sizes = self.used(sides)
        if not sizes:
            return "as an identity"
        if self.everywhere(sides, totals):
            return "for every " + self._joined(sizes)
        walked = [n for n in sizes if self.words[n] in (WORDS[Kind.LAYER], WORDS[Kind.TIME])]
        fixed = {n: v for n in walked if isinstance(v := self.judged.sizes[n], int)}
        others = [n for n in sizes if n not in walked]
        if others and walked and self.at_each(sides, totals, where, fixed):
            held = ", ".join(self._held(n, v) for n, v in fixed.items())
            return f"for every {self._joined(others)}, at {held}"
        return f"at sizes {self.sizes(sides)}"

    def sizes(self, sides: Sides) -> str:
        """The sizes judged: n = (3, 4, 2, 5), L = 3."""
        return ", ".join(f"{n} = {self.judged.sizes[n]}" for n in self.used(sides))

    def _joined(self, sizes: Sequence[str]) -> str:
        order = list(WORDS.values())
        sizes = sorted(sizes, key=lambda n: order.index(self.words[n]))
        words = list(dict.fromkeys(self._word(n) for n in sizes))
        return " and ".join([", ".join(words[:-1]), words[-1]] if len(words) > 1 else words)

    def _word(self, name: str) -> str:
        least = self.system[name].minimum
        word = self.words[name]
        return f"{word} from {least} on" if least > 1 else word

    def _held(self, name: str, value: object) -> str:
        return f"depth {value}" if self.words[name] == "depth" else f"{name} = {value}"

    # -- proofs --------------------------------------------------------------------------------

    def everywhere(self, sides: Sides, totals: bool) -> bool:
        """Whether left = right is proved with all sizes as letters."""
        network = self._network
        known = self._known(sides, network, {})
        if known is None:
            return False
        return holds(Goal(sides.left, sides.right), network, known, self._totals(network, totals))

    def at_each(
        self, sides: Sides, totals: bool, where: Sequence[Mapping[Symbol, int]],
        fixed: Mapping[str, int],
    ) -> bool:  # fmt: skip
        """Whether it is proved at each layer and time for these depths, with widths as letters."""
        network = Network(self.system, fixed)
        for point in where:
            names = {s: Lin(v) for s, v in point.items()}
            known = self._known(sides, network, names)
            goal = Goal(sides.left, sides.right, names)
            if known is None or not holds(goal, network, known, self._totals(network, totals)):
                return False
        return True

    @cached_property
    def _network(self) -> Network:
        return Network(self.system, {})

    def _known(self, sides: Sides, network: Network, names: Mapping[Symbol, Lin]) -> Known | None:
        """What holds of the letters wherever the claim exists; None where it cannot be said."""
        reader = Reader(network, Algebra(Known()))
        known = Known(network.least)
        try:
            for e in self._conditions(sides, reader, names):
                if e.parts and letters(e) | {p for p, _ in e.parts if isinstance(p, str)}:
                    known = known.assume(e)
            for r in sides.axes:
                known = known.given(
                    ":" + str(r.symbol.name), reader.lin(r.lower, names), reader.lin(r.upper, names)
                )
        except Uncovered:
            return None
        return known

    def _conditions(self, sides: Sides, reader: Reader, names: Mapping[Symbol, Lin]) -> list[Lin]:
        """e ≥ 0 for all layers and times of entries in the claim, and where it is claimed."""
        found: list[Lin] = []
        for e in (sides.left, sides.right, *(r.upper for r in sides.axes)):
            for node, ranges in walk(e):
                name = family_of(node)
                if name not in self.system.by_name or not index_of(node):
                    continue
                slots = self.system[str(name)].slots
                own = {s.symbol: i for s, i in zip(slots, index_of(node), strict=True)}
                for slot, index in zip(slots, index_of(node), strict=True):
                    if slot.kind in WALKED:
                        low, high = (x.xreplace(own) for x in (slot.range.lower, slot.range.upper))
                        bound = {r.symbol: (r.lower, r.upper) for r in ranges}
                        for end in _ends(index, bound):
                            at = reader.lin(end, names)
                            found.append(minus(at, reader.lin(low, names)))
                            found.append(minus(reader.lin(high, names), at))
        for e, signs in sides.within:
            at = reader.lin(e, names)
            if signs in ((0, 1), (1,)):
                found.append(plus(at, Lin(-1)) if signs == (1,) else at)
            elif signs in ((-1, 0), (-1,)):
                turned = plus(Lin(), at, -1)
                found.append(plus(turned, Lin(-1)) if signs == (-1,) else turned)
        return list(dict.fromkeys(found))

    def _totals(self, network: Network, totals: bool) -> dict[str, tuple[int, Lin, Lin]]:
        """The targets and the slot over which they add up to one."""
        if not totals:
            return {}
        reader = Reader(network, Algebra(Known()))
        found = {}
        for name, n in class_slots(self.system).items():
            r = self.system[name].slots[n].range
            found[name] = (n, reader.lin(r.lower, {}), reader.lin(r.upper, {}))
        return found


def _counting(bound: Expr) -> Iterator[str]:
    """The sizes that a bound is made of: n of n_{l-1}, not l or L of n_L; p of 2^(L - l) p."""
    for term in sp.Add.make_args(bound):
        core = term.as_coeff_Mul()[1]
        own = family_of(core)
        factors = [own] if own is not None else [family_of(f) for f in core.args]
        yield from (n for n in factors if n is not None and (own or n not in ("L", "T")))


def _ends(index: Expr, bound: Mapping[Symbol, tuple[Expr, Expr]]) -> list[Expr]:
    """An index at both ends of the sums around it."""
    ends = [index]
    for s in reversed(bound):
        if any(s in x.free_symbols for x in ends):
            ends = [x.xreplace({s: b}) for x in ends for b in bound[s]]
    return ends


def _with_least_sizes(system: System) -> System:
    """The System where depths and numbers of steps may be as small as its equations allow."""
    walked = {
        name for v in system.variables for s in v.slots if s.kind in WALKED
        for part in (s.range.lower, s.range.upper) for name in names_in(part)
    }  # fmt: skip
    for least in range(1, 4):
        sizes = {v.name: least if v.name in walked else 1 for v in system.with_role(Role.SIZE)}
        variables = tuple(
            replace(v, minimum=min(v.minimum, sizes.get(v.name, v.minimum)))
            for v in system.variables
        )
        try:
            return replace(system, variables=variables)
        except DefinitionError:
            continue
    return system
