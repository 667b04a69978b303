"""A gradient against its witnesses.

    report = verify(mlp((784, 30, 10), ["sigmoid", "softmax"], "cross-entropy"))

The candidate is the rule's own gradient, another gradient System, or code. Every entry of every
parameter is compared with every witness that can speak; nothing that was skipped counts as
agreement.

Guarantees. `proved` and `refuted` are exact, see `exact`. `agree` and `mismatch` are about floats,
see `entries`: an entry that is off by a relative 1e-6 is seen, unless rounding alone moves that
entry as much. Float witnesses look at one point, with known functions in place of unspecified
ones; the report says which.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from symbp.errors import SymbpError, unknown
from symbp.numbers.domains import Arrays, Complex, Floats
from symbp.numbers.entrywise import Blocks, Found, complex_steps
from symbp.numbers.indexing import Indexing, Key
from symbp.numbers.rounding import UNIT, Rounded
from symbp.system import System
from symbp.verify.case import Case, Code, Values, code_blocks, gradient_blocks, prepare
from symbp.verify.entries import Comparison
from symbp.verify.exact import apart, proved
from symbp.verify.report import Finding, Report, Row, Verdict
from symbp.verify.witnesses import WITNESSES, Again, Witness

__all__ = ["Finding", "Report", "Row", "verify"]

EXACT = "exact"
EXACT_VERDICTS: dict[bool | None, Verdict] = {
    True: "proved",
    False: "refuted",
    None: "unresolved",
}
REDRAWS = 30  #: of random values at which a block of the gradient is zero
RUNS = 3  #: of randomly rounded arithmetic
PART, AGAIN = 256, 2048  #: entries of a block that are looked at again, at once and in all
Block = tuple[str, Key]


def verify(
    system: System,
    *,
    wrt: Iterable[str] | None = None,
    seed: int = 0,
    values: Values | None = None,
    candidate: System | Code | None = None,
    witnesses: Sequence[str] | None = None,
) -> Report:
    """Compare ∂C/∂θ, for θ in `wrt` (default: the parameters), with independent witnesses.

    `candidate` is a gradient System, or code that maps values to {family: array, or one array
    for each layer}; by default the rule's gradient, or the adjoints that `system` brings along.
    `values` gives every input, target and parameter; by default they are random. `witnesses`
    are names of exact, complex step, central, reference, torch, rule; by default all that can
    speak (rule for code only, central where a function has kinks or needs a real argument).

    Raises `SizeError` for values that are missing or misshapen, `ValueRangeError` where they
    leave the domain of the loss, `UnknownNameError` for a name no table has.

    >>> from symbp.networks import mlp
    >>> print(verify(mlp((2, 3, 1), "tanh"), witnesses=["exact"]))
          entries  exact
    w[1]  6        proved
    w[2]  3        proved
    b[1]  3        proved
    b[2]  1        proved
    random values, seed 0
    verified
    """
    forward = forward_part(system)
    if candidate is None and forward is not system:
        candidate = system
    case = _alive(forward, list(wrt) if wrt is not None else None, seed, values)
    trial = _Trial(case, candidate or case.rule)
    findings: dict[Block, list[Finding]] = {b: [] for b in trial.blocks()}
    for name in _heard(case, candidate, witnesses):
        found = trial.exact(seed) if name == EXACT else trial.floats(WITNESSES[name])
        for block, one in found.items():
            findings[block].append(one)
    rows = [
        Row(name, key, trial.candidate[name][key].size, tuple(found))
        for (name, key), found in findings.items()
    ]
    return Report(tuple(rows), case.notes)


def _alive(system: System, wrt: list[str] | None, seed: int, values: Values | None) -> Case:
    """The case at random values for which no block of the gradient is zero throughout.

    At such a point every multiple of the block would pass; where no other point is found, or
    the values are given, it stays.
    """
    first = prepare(system, wrt, seed, values)
    if values is not None:
        return first
    for draw in range(REDRAWS):
        case = first if draw == 0 else prepare(system, wrt, seed + 1000 * draw, None)
        blocks = gradient_blocks(case.in_numbers(case.rule), case.values, case.names)
        if all(np.any(block != 0) for family in blocks.values() for block in family.values()):
            return case
    return first


def forward_part(system: System) -> System:
    """The system without the adjoints of its own loss; itself where it has none."""
    own = {v.name for v in system.variables if v.adjoint_of and v.adjoint_of[0] == system.loss}
    if not own:
        return system
    variables = tuple(v for v in system.variables if v.name not in own)
    equations = tuple(e for e in system.equations if e.family not in own)
    return replace(system, variables=variables, equations=equations)


def _heard(case: Case, candidate: System | Code | None, asked: Sequence[str] | None) -> list[str]:
    """The witnesses that were asked for, or all that can speak."""
    is_code = candidate is not None and not isinstance(candidate, System)
    if asked is None:
        found = [w.name for w in WITNESSES.values() if w.usual(case) and not w.fits(case)]
        return [*found, "rule"] if is_code else [EXACT, *found]
    for name in asked:
        if name != EXACT and name not in WITNESSES:
            raise unknown("witness", name, [EXACT, *WITNESSES])
        reason = WITNESSES[name].fits(case) if name != EXACT else ""
        if name == EXACT and is_code:
            reason = "exact: code in floats cannot be proved, only a gradient System can"
        if reason:
            raise SymbpError(reason)
    return list(asked)


class _Trial:
    """One candidate at one point; what several witnesses need is computed once."""

    def __init__(self, case: Case, candidate: System | Code) -> None:
        self.case = case
        self.given = candidate
        if isinstance(candidate, System):
            gradient = case.in_numbers(candidate)
            self.candidate = gradient_blocks(gradient, case.values, case.names)
        else:
            self.candidate = code_blocks(case, candidate)
        self.indexing = Indexing(case.system, case.values)

    def blocks(self) -> list[Block]:
        """Families and keys, in order."""
        return [(n, k) for n in self.case.names for k in self.indexing.keys(self.case.system[n])]

    def exact(self, seed: int) -> dict[Block, Finding]:
        """One verdict for each block."""
        assert isinstance(self.given, System)  # _heard has seen to that
        case, candidate = self.case, replace(self.given, sizes=self.case.symbolic.sizes)
        found = proved(case.symbolic, candidate, case.names, seed, case.values)
        found |= dict.fromkeys(
            apart(case, candidate, [b for b in found if found[b] is None]), False
        )
        return {b: Finding(EXACT, EXACT_VERDICTS[ok]) for b, ok in found.items()}

    def floats(self, witness: Witness) -> dict[Block, Finding]:
        """The verdict on every entry; rounding is measured only where it matters."""
        slopes = witness.slopes(self.case)
        blocks = [(n, k) for n, k in self.blocks() if n in slopes]
        found = {b: self._compared(b, slopes, 0.0) for b in blocks}
        if any(c.doubtful.any() for c in found.values()):
            found = {b: self._compared(b, slopes, self.spread[b]) for b in blocks}
        if witness.again is not None:
            found = {b: self._again(witness.again, b, c) for b, c in found.items()}
        findings = {b: c.finding(witness.name) for b, c in found.items()}
        return {b: replace(f, index=self._index(b, f.index)) for b, f in findings.items()}

    def _compared(self, block: Block, slopes: Found, spread: Any) -> Comparison:
        name, key = block
        g = np.asarray(self.candidate[name][key])
        eps = float(np.finfo(g.dtype if g.dtype.kind == "f" else np.float64).eps)
        allowed = np.broadcast_to(spread * eps / (2 * UNIT), g.shape)
        return Comparison(g.astype(np.float64), slopes[name][key], eps ** (2 / 3), allowed)

    def _again(self, again: Again, block: Block, found: Comparison) -> Comparison:
        """The doubtful entries looked at more sharply, until one is wrong for certain."""
        name, key = block
        left, budget = found.doubtful, AGAIN
        while left.any() and budget > 0:
            part = found.worst(left, PART)
            slopes = again(self.case, {name: {key: part}})[name][key]
            found = found.with_slopes(slopes, part)
            if (found.kinds[part] == "mismatch").any():
                break
            left, budget = left & ~part, budget - PART
        return found

    def _index(self, block: Block, place: tuple[int, ...]) -> tuple[int, ...]:
        """The place in a block as the equations count."""
        name, key = block
        variable = self.case.system[name]
        outer = self.indexing.outer(variable)
        firsts = [lo for lo, _ in self.indexing.spans(variable, key)]
        walked, inner = iter(key), iter(p + f for p, f in zip(place, firsts, strict=True))
        return tuple(next(walked if i in outer else inner) for i in range(len(variable.slots)))

    @cached_property
    def spread(self) -> dict[Block, NDArray[Any]]:
        """How far rounding moves each entry, in the rule's gradient and in the complex step."""
        case = self.case
        rule = case.in_numbers(case.rule)

        def backward(domain: Arrays) -> dict[str, Blocks]:
            return gradient_blocks(rule, case.values, case.names, domain)

        def forward(domain: Arrays | None) -> dict[str, Blocks]:
            found = complex_steps(case.system, case.values, case.names, domain=domain)
            return {n: {k: s.value for k, s in by.items()} for n, by in found.items()}

        result = {(n, k): np.zeros(np.shape(self.candidate[n][k])) for n, k in self.blocks()}
        for run, inner in ((backward, Floats), (forward, Complex)):
            plain = run(inner())
            for seed in range(RUNS):
                rounded = run(Rounded(inner(), seed))
                for (n, k), most in result.items():
                    result[n, k] = np.maximum(most, np.abs(rounded[n][k] - plain[n][k]))
        return result
