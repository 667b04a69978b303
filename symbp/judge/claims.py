"""Judging claims: a chain A = B = C of a post about the network its own equations describe.

Guarantees.
    Proved    every entry of both sides agrees at a random exact point, for all layers and times at
              the sizes tried: a wrong claim gets through with a probability below 2^-100
              (numbers/field.py says what is known of exp, signs and roots). What holds at all
              sizes is derived by other means (scope).
    Refuted   both sides have a meaning and their shapes differ, or there is a rational point where
              balls of real numbers enclose the two sides apart; the verdict shows it.
    Where neither is reached, and where two readings are open that give different answers, the
    claim is undecided. What the reader did not understand is unread and never judged.

The sides are evaluated by forward mode on the System; the adjoint's rule and the printer, which
make such formulas, have no part in it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from functools import cached_property

from sympy import Integer, Symbol

from symbp.judge.compare import (
    Mismatch,
    Sides,
    agree,
    alive,
    idle,
    independent,
    laid_over,
    masked,
    points,
    restricted,
    speaks_of_both,
    vanishing,
)
from symbp.judge.conditions import conditioned
from symbp.judge.counterexample import counterexample
from symbp.judge.counts import counts_in
from symbp.judge.direct import by_parameters, direct
from symbp.judge.outcome import Outcome, open_between
from symbp.judge.points import Points
from symbp.judge.scope import Scopes
from symbp.judge.sizes import UNSIZED, scope_text, sized
from symbp.judge.sums import over_steps, with_implied_sums
from symbp.judge.targets import class_slots
from symbp.judge.updates import by_open_bias, gradient_claim, may_be_maximised, other_steps
from symbp.judge.verdict import EMPTY, TOO_MANY, TURNED, Status
from symbp.judge.wide import at_declared, at_small_sizes
from symbp.judge.within import but_last, empty
from symbp.numbers.sampling import with_small_sizes
from symbp.reading.elaborate import Elaborator
from symbp.reading.grammar.parser import parse
from symbp.reading.grammar.syntax import Node, Tokens
from symbp.reading.lexicon import Lexicon
from symbp.reading.scope import Scope
from symbp.reading.sizes import Exact
from symbp.reading.typed import ShapeError, Total, Typed
from symbp.system import Kind, Role
from symbp.system.equation import family_of

MOST_READINGS = 16


class Judge:
    """Judges claims in one lexicon; what it computes of the network is kept."""

    def __init__(self, lexicon: Lexicon, more: int = 0) -> None:
        self.lexicon = lexicon
        self.system, self.narrowed = at_small_sizes(lexicon, more)
        self.more = more
        self.fixed = {
            v.atom: Integer(size) for v in lexicon.system.with_role(Role.SIZE)
            if isinstance(size := lexicon.system.sizes.get(v.name), int)
        }  # fmt: skip
        self.points = Points(self.system)
        self._totals: Points | None = None
        self.scopes = Scopes(lexicon.system, self.system)
        self._sized: dict[str, Judge] = {}

    @cached_property
    def unsaid(self) -> list[tuple[str, Judge]]:
        """Judges of the layouts that nothing rules out, with what is said of them."""
        return [(text, Judge(lexicon)) for text, lexicon in self.lexicon.unsaid]

    @cached_property
    def larger(self) -> Judge:
        """The same at other sizes."""
        return Judge(self.lexicon, more=1)

    # -- reading ---------------------------------------------------------------------------

    def parse(self, member: Tokens) -> Node:
        """A member as a tree in this lexicon's words."""
        return parse(member, self.lexicon.vocabulary)

    def scope(self, choices: Mapping[tuple[int, int], int] | None = None) -> Scope:
        """An empty scope, with the readings that are chosen of products that have several."""
        scope = Scope(Exact(self.fixed), width=self.lexicon.width)
        scope.entrywise = self.lexicon.entrywise
        scope.choices = dict(choices or {})
        return scope

    def typed(self, nodes: Sequence[Node], scope: Scope | None = None) -> tuple[Scope, list[Typed]]:
        """Members in one scope: their letters are the same."""
        scope = scope or self.scope()
        reader = Elaborator(self.lexicon, scope)
        found = []
        for place, n in enumerate(nodes):
            scope.zeros = place > 0
            found.append(reader.read(n))
            samples = [s for s in sorted(found[-1].expr.free_symbols, key=str)
                       if scope.kinds.get(s) is Kind.SAMPLE
                       and s not in {a.symbol for a in found[-1].axes}]  # fmt: skip
            if samples and scope.sample is None:
                scope.sample = samples[0]
        return scope, found

    # -- one claim ---------------------------------------------------------------------------

    def claim(
        self, left: Node, right: Node, conditions: Sequence[Tokens] = (),
        summed: frozenset[str] = frozenset(),
    ) -> Outcome:  # fmt: skip
        """The outcome of left = right, or of the gradient in an update rule.

        `summed` are letters over which other members of the chain have a sum.
        """
        open_bias = by_open_bias(left, right, self.lexicon)
        if open_bias:
            return Outcome(Status.UNDECIDED, open_bias)
        found = self._with_sums(left, right, conditions, summed)
        if counts_in(self, found):
            again = self.larger._with_sums(left, right, conditions, summed)
            found = found if again.status is Status.PROVED else again
        step = gradient_claim(left, right, self.lexicon)
        if step is not None and found.status is Status.REFUTED:
            likelihood = may_be_maximised(self.system, self.lexicon.loss)
            for gradient, taken, reason in other_steps(*step, self.lexicon, likelihood):
                if self.over_readings(gradient, taken, conditions).status is Status.PROVED:
                    return Outcome(Status.UNDECIDED, reason)
        return at_declared(self, found) if self.narrowed else found

    @cached_property
    def declared(self) -> Points:
        """Points of the network as wide as it is declared."""
        return Points(with_small_sizes(self.lexicon.system))

    def _with_sums(
        self, left: Node, right: Node, conditions: Sequence[Tokens], summed: frozenset[str]
    ) -> Outcome:
        """The outcome of left = right, with implied sums written out where there are such."""
        try:
            found = self.over_readings(left, right, conditions, summed)
        except ShapeError as error:
            if not self.lexicon.implied:
                raise
            found = Outcome(Status.REFUTED, str(error))
        if self.lexicon.implied and found.status is not Status.PROVED:
            return with_implied_sums(self, left, right, conditions, found)
        return found

    def over_readings(
        self, left: Node, right: Node, conditions: Sequence[Tokens] = (),
        summed: frozenset[str] = frozenset(),
    ) -> Outcome:  # fmt: skip
        """The outcome of left = right over all readings that the shapes leave open."""
        outcomes: list[Outcome] = []
        problems: list[ShapeError] = []
        scopes: list[Scope] = []
        said: list[str] = []
        for scope, found in self.each_reading(left, right, conditions, summed):
            scopes.append(scope)
            if isinstance(found, ShapeError):
                problems.append(found)
            else:
                outcomes.append(found)
                said.append(", ".join(scope.meanings.values()))
        if not outcomes:
            raise problems[0]
        meant = [o for o in outcomes if not o.without_meaning] or outcomes
        kinds = {o.status for o in meant}
        if Status.PROVED in kinds and Status.REFUTED in kinds:
            products = tuple(scopes[-1].products.values())
            what = "a product" if products or scopes[-1].positive else "a list of vectors"
            return Outcome(Status.UNDECIDED, open_between(what, said, outcomes), products=products)
        order = [Status.PROVED, Status.UNDECIDED, Status.REFUTED]
        return min(meant, key=lambda o: order.index(o.status))

    def each_reading(
        self, left: Node, right: Node, conditions: Sequence[Tokens] = (),
        summed: frozenset[str] = frozenset(), loosely: bool = False,
    ) -> Iterator[tuple[Scope, Outcome | ShapeError]]:  # fmt: skip
        """What is found in each reading, `loosely` with those where a sign may be left out."""
        left, right = gradient_claim(left, right, self.lexicon) or (left, right)
        waiting: list[dict[tuple[int, int], int]] = [{}]
        for choices in waiting:
            scope = self.scope(choices)
            scope.loosely, scope.spreads = loosely, True
            try:
                scope, (a, b) = self.typed([left, right], scope)
                if scope.loosened == loosely:
                    found = self._compared(scope, a, b, conditions, summed)
                    yield scope, _unless_unsure(scope, found)
            except ShapeError as error:
                yield scope, _unless_unsure(scope, error)
            later = [k for k in sorted(scope.open) if not choices or k > max(choices)]
            waiting += [{**choices, k: n} for k in later for n in range(1, scope.open[k])]
            if len(waiting) > MOST_READINGS:
                yield scope, Outcome(Status.UNDECIDED, TOO_MANY)
            del waiting[MOST_READINGS:]

    def _compared(
        self, scope: Scope, a: Typed, b: Typed, conditions: Sequence[Tokens],
        summed: frozenset[str],
    ) -> Outcome:  # fmt: skip
        sides = laid_over(scope, a, b)
        of_samples = a.cube and a.chain is not None and len(a.chain.of_axes) > 1
        if isinstance(sides, Mismatch) and of_samples and not b.cube:
            return Outcome(Status.UNDECIDED, f"{sides.reason}; for one sample it could be judged")
        if isinstance(sides, Mismatch):
            outcome = Outcome(Status.REFUTED, sides.reason)
            return self._in_other_layout(scope, a, b, outcome) if sides.transposed else outcome
        sides = conditioned(sides, (*self.lexicon.conditions, *conditions), scope, self.lexicon)
        if scope.positive and empty(scope, self._where(sides), self.points):
            return Outcome(Status.REFUTED, EMPTY, sides=sides)
        outcome = self._at_sizes(replace(sides, summed=summed), scope)
        if outcome.status is Status.REFUTED and a.is_jacobian and len(b.axes) == 2:
            return self._in_other_layout(scope, a, b, outcome)
        if scope.unclear and outcome.status is Status.PROVED:
            return Outcome(Status.UNDECIDED, scope.unclear, sides=sides)
        return outcome

    def _at_sizes(self, sides: Sides, scope: Scope) -> Outcome:
        """The outcome where arrays written out say sizes; what they leave open must not matter."""
        if not scope.numbers:
            return self.judged(sides)
        outcomes = []
        for system in sized(self.lexicon.system, sides, scope.numbers, scope.likely):
            key = str(sorted(system.sizes.items()))
            each = self._sized.get(key) or Judge(replace(self.lexicon, system=system))
            self._sized[key] = each
            outcomes.append(replace(each.judged(sides), sizes=scope_text(system, sides)))
        if len({o.status for o in outcomes}) == 1:
            return outcomes[0]
        return Outcome(Status.UNDECIDED, UNSIZED, sides=sides)

    def _in_other_layout(self, scope: Scope, a: Typed, b: Typed, outcome: Outcome) -> Outcome:
        """What is not equal, with a note where the transposed derivative is right.

        For the derivative of a vector by a vector both layouts are common.
        """
        if not a.expr.has(Total):
            return outcome
        turned = laid_over(scope, a, b.flipped)
        if isinstance(turned, Mismatch):
            return outcome
        if self._at_sizes(turned, scope).status is not Status.PROVED:
            return outcome
        if a.chain and a.chain.of_axes:
            return Outcome(Status.UNDECIDED, TURNED)
        return replace(outcome, conventions=("holds as written in numerator layout",))

    def judged(self, sides: Sides) -> Outcome:
        """Proved, refuted with a counterexample, or undecided."""
        where = self._where(sides)
        if not where:
            return Outcome(Status.UNDECIDED, "at no layer or time does all of it exist",
                           sides=sides)  # fmt: skip
        notes, known = sides.notes, self._absent(sides)
        if self._holds(self.points, sides, where):
            zero = self.points.found(lambda values: idle(sides, values, where, known))
            if zero is not None:
                return Outcome(Status.UNDECIDED, independent(zero), sides=sides)
            if sides.entrywise:
                return Outcome(Status.UNDECIDED, "one side is a vector, the other its entry; entry "
                               "by entry it holds", sides=sides)  # fmt: skip
            return Outcome(Status.PROVED, conventions=notes, sides=sides)
        for text, changed, tried in self._conventions(sides):
            if self._holds(tried, changed, where):
                if sides.entrywise:
                    return Outcome(Status.UNDECIDED, "one side is a vector, the other its entry")
                said = (*notes, text) if text else notes
                return Outcome(Status.PROVED, conventions=said, sides=changed,
                               totals=tried.unit_totals)  # fmt: skip
        case = self._case(sides, where)
        if case is not None:
            return case
        zero = self.points.found(lambda values: vanishing(sides, values, where, known))
        living = self.points.found(lambda values: alive(sides, values, where, known))
        if zero is not None and (not living or self._holds(self.points, sides, living)):
            return Outcome(Status.UNDECIDED, independent(zero), sides=sides)
        rest = but_last(sides.walked, living)
        if rest and self._holds(self.points, sides, rest):
            return Outcome(Status.UNDECIDED, "it holds at every layer but the last, and no such "
                           "condition stands there", sides=sides)  # fmt: skip
        why = over_steps(self, sides, living)
        if why:
            return Outcome(Status.UNDECIDED, why, sides=sides)
        found = counterexample(self, sides, living)
        if found is None:
            reason = (
                "the two sides are not equal by the laws known here, but no point that shows a "
                "difference was found"
            )
            return Outcome(Status.UNDECIDED, reason, sides=sides)
        absent = min(map(independent, known), default="")
        absent = absent.removesuffix(" at every layer and time")
        reason = f"the sides differ; {absent}" if absent else "the sides differ"
        return Outcome(Status.REFUTED, reason, counterexample=found, sides=sides)

    def _absent(self, sides: Sides) -> set[Total]:
        """The derivatives that are 0 by the equations alone, whatever the layer or time."""
        found = sides.right.atoms(Total)
        return {t for t in found if not self.lexicon.depends(t.args[0], str(family_of(t.args[1])))}

    def _where(self, sides: Sides) -> list[dict[Symbol, int]]:
        return points(sides, self.system, self.points.at(None).primal.indexing)

    def _holds(self, at: Points, sides: Sides, where: Sequence[Mapping[Symbol, int]]) -> bool:
        try:
            return at.decide(lambda values: agree(sides, values, where))
        except ZeroDivisionError:
            return False

    def _conventions(self, sides: Sides) -> list[tuple[str, Sides, Points]]:
        """Under what else the claim may hold, with what is then said of it: "" where declared."""
        found: list[tuple[str, Sides, Points]] = []
        totals = self._unit_totals()
        if totals is not None:
            text = "holds where the targets add up to one (one-hot, or a distribution)"
            found.append(("" if self.lexicon.assumes_totals else text, sides, totals))
        for at_once in direct(sides):
            text = "holds where a derivative of one quantity by another counts only its direct use"
            found.append((text, at_once, self.points))
            if totals is not None:
                found.append((text, at_once, totals))
        last = by_parameters(sides, self.system)
        if last is not None:
            text = "holds where a derivative by a parameter counts only its direct use"
            found.append((text, last, self.points))
        return found

    def _unit_totals(self) -> Points | None:
        """Points at which the targets add up to one, where that has a meaning."""
        if self._totals is None and class_slots(self.system):
            self._totals = Points(self.system, unit_totals=True)
        return self._totals

    def _case(self, sides: Sides, where: Sequence[Mapping[Symbol, int]]) -> Outcome | None:
        """Whether it holds for equal, or for different, letters only."""
        letters = [
            r.symbol for r in sides.axes
            if r.symbol.name.lstrip("#").isalpha() and r.symbol in sides.left.free_symbols
        ]  # fmt: skip
        for a in letters if self.lexicon.fixed else ():
            told = speaks_of_both(sides, a, Integer(1))
            if not told and self._holds(self.points, masked(sides, a, Integer(1)), where):
                return Outcome(
                    Status.UNDECIDED, f"it holds for {a.name.lstrip('#')} other than the fixed "
                    "unit only, and no such condition stands there", sides=sides,
                )  # fmt: skip
        for n, a in enumerate(letters):
            for b in letters[n + 1 :]:
                same = {r.symbol: r.upper for r in sides.axes}
                if same[a] != same[b] or speaks_of_both(sides, a, b):
                    continue
                for sign, changed in (("=", restricted(sides, {b: a})),
                                      ("≠", masked(sides, a, b))):  # fmt: skip
                    if self._holds(self.points, changed, where):
                        x, y = (s.name.lstrip("#") for s in (a, b))
                        return Outcome(
                            Status.UNDECIDED,
                            f"it holds for {x} {sign} {y} only, and no such condition stands there",
                            sides=sides,
                        )
        return None

    def holds(self, sides: Sides, where: Sequence[Mapping[Symbol, int]]) -> bool:
        """Whether the sides are equal, by themselves or under a convention."""
        tried = [(sides, self.points), *((s, at) for _, s, at in self._conventions(sides))]
        return any(self._holds(at, s, where) for s, at in tried)

    def scope_text(self, outcome: Outcome) -> str:
        """At which sizes it holds what was proved."""
        sides = outcome.sides
        if outcome.status is not Status.PROVED or sides is None:
            return ""
        if outcome.sizes:
            return outcome.sizes
        return self.scopes.text(sides, self._where(sides), outcome.totals)


def _unless_unsure(scope: Scope, found: Outcome | ShapeError) -> Outcome | ShapeError:
    """What was found; undecided where it does not hold and something else may be meant."""
    refuted = isinstance(found, ShapeError) or found.status is Status.REFUTED
    return Outcome(Status.UNDECIDED, scope.unsure) if scope.unsure and refuted else found
