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
from symbp.verify.entries import finding, kinds
from symbp.verify.exact import proved
from symbp.verify.report import Finding, Report, Row
from symbp.verify.witnesses import WITNESSES, Witness

__all__ = ["Finding", "Report", "Row", "verify"]

EXACT = "exact"
RUNS = 3  #: of randomly rounded arithmetic


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
    case = prepare(forward, wrt, seed, values)
    session = _Session(case, candidate or case.rule)
    findings: dict[tuple[str, Key], list[Finding]] = {b: [] for b in session.blocks()}
    for name in _heard(case, candidate, witnesses):
        found = session.exact(seed) if name == EXACT else session.floats(WITNESSES[name])
        for block, one in found.items():
            findings[block].append(one)
    rows = [
        Row(name, key, session.candidate[name][key].size, tuple(found))
        for (name, key), found in findings.items()
    ]
    return Report(tuple(rows), case.notes)


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


class _Session:
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

    def blocks(self) -> list[tuple[str, Key]]:
        """Families and keys, in order."""
        return [(n, k) for n in self.case.names for k in self.indexing.keys(self.case.system[n])]

    def exact(self, seed: int) -> dict[tuple[str, Key], Finding]:
        """One verdict for each block."""
        if not isinstance(self.given, System):
            raise SymbpError("exact: code in floats cannot be proved")
        case = self.case
        found = proved(case.symbolic, self._sized(self.given), case.names, seed, case.values)
        return {b: Finding(EXACT, "proved" if ok else "refuted") for b, ok in found.items()}

    def _sized(self, gradient: System) -> System:
        return replace(gradient, sizes=self.case.symbolic.sizes)

    def floats(self, witness: Witness) -> dict[tuple[str, Key], Finding]:
        """The verdict on every entry; rounding is measured only where it matters."""
        slopes = witness.slopes(self.case)
        blocks = [(n, k) for n, k in self.blocks() if n in slopes]
        zeros = {b: np.zeros(self._block(b).shape) for b in blocks}
        found = {b: self._kinds(b, slopes, zeros[b]) for b in blocks}
        if all((kind == "agree").all() for kind in found.values()):
            return {b: self._finding(witness, b, slopes, found[b], zeros[b]) for b in blocks}
        spread = {b: self.spread[b] for b in blocks}
        found = {b: self._kinds(b, slopes, spread[b]) for b in blocks}
        return {b: self._finding(witness, b, slopes, found[b], spread[b]) for b in blocks}

    def _block(self, block: tuple[str, Key]) -> NDArray[Any]:
        name, key = block
        return np.asarray(self.candidate[name][key])

    def _kinds(
        self, block: tuple[str, Key], slopes: Found, spread: NDArray[Any]
    ) -> NDArray[np.str_]:
        g = self._block(block)
        kind = g.dtype if g.dtype.kind == "f" else np.float64
        rounding = float(np.finfo(kind).eps) ** (2 / 3)
        scale = float(np.finfo(kind).eps) / (2 * UNIT)
        return kinds(g.astype(np.float64), slopes[block[0]][block[1]], rounding, scale * spread)

    def _finding(
        self, witness: Witness, block: tuple[str, Key], slopes: Found,
        found: NDArray[np.str_], spread: NDArray[Any],
    ) -> Finding:  # fmt: skip
        name, key = block
        g = self._block(block).astype(np.float64)
        one = finding(witness.name, g, slopes[name][key], found, spread)
        return replace(one, index=self._index(name, key, one.index))

    def _index(self, name: str, key: Key, place: tuple[int, ...]) -> tuple[int, ...]:
        """The place in a block as the equations count."""
        variable = self.case.system[name]
        outer = self.indexing.outer(variable)
        firsts = [lo for lo, _ in self.indexing.spans(variable, key)]
        walked, inner = iter(key), iter(p + f for p, f in zip(place, firsts, strict=True))
        return tuple(next(walked if i in outer else inner) for i in range(len(variable.slots)))

    @cached_property
    def spread(self) -> dict[tuple[str, Key], NDArray[Any]]:
        """How far rounding moves each entry, in the rule's gradient and in the complex step."""
        case = self.case
        rule = case.in_numbers(case.rule)

        def backward(domain: Arrays) -> dict[str, Blocks]:
            return gradient_blocks(rule, case.values, case.names, domain)

        def forward(domain: Arrays | None) -> dict[str, Blocks]:
            found = complex_steps(case.system, case.values, case.names, domain=domain)
            return {n: {k: s.value for k, s in by.items()} for n, by in found.items()}

        result = {b: np.zeros(self._block(b).shape) for b in self.blocks()}
        for run, inner in ((backward, Floats), (forward, Complex)):
            plain = run(inner())
            for seed in range(RUNS):
                rounded = run(Rounded(inner(), seed))
                for (n, k), most in result.items():
                    result[n, k] = np.maximum(most, np.abs(rounded[n][k] - plain[n][k]))
        return result
