"""A document's own forward equations, found among its formulas.

What defines a quantity that the post differentiates, or that such a definition needs, is an
equation of its network: z^l = W^l a^{l-1} + b^l. At each place of the post the last definition
before it counts, or the first one after it. δ^l = ∂J/∂z^l is a definition of a name.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace

from symbp.documents.definitions import Definition, Marked, marked_names, named_in, search
from symbp.errors import SymbpError
from symbp.reading.declared import Declared
from symbp.reading.lexicon import Lexicon
from symbp.reading.marks import marks
from symbp.reading.model import read_models
from symbp.reading.syntax import BigSum, Call, Name, Node, Tokens, form, walk

MOST_ATTEMPTS = 12
#: Capitals that hold a quantity for all samples where the small letter is one sample's.
BATCHES = "XYZAHPT"
LOSS_LETTERS = {"J", "C", "L", "E", "Loss", "loss", r"\ell", "cost"}


def _preferred(group: Sequence[Definition], place: int, defined: set[str]) -> Definition:
    """The last definition before a place, or the first after it; such as name other quantities."""

    def links(d: Definition) -> int:
        names = {n.base for n in walk(d.right) if isinstance(n, Name)}
        return len((names & defined) - {d.left.base})

    best = max(links(d) for d in group) > 0
    linked = [d for d in group if (links(d) > 0) == best] if not group[0].derived else group
    before = [d for d in linked if d.place <= place]
    return before[-1] if before else linked[0]


def _without_marks(node: Node) -> list[tuple[str, object]]:
    """The names and kinds of nodes in order: σ(z^l) and σ(z^L) have the same."""
    return [(type(n).__name__, n.base if isinstance(n, Name) else "") for n in walk(node)]


class Networks:
    """The lexicons that a document's own equations give, place by place."""

    def __init__(self, formulas: Sequence[str], evidence: Mapping[str, int]) -> None:
        self.found = search(formulas)
        self.evidence = evidence
        self._functions: dict[str, str] = {}
        self._names: set[str] = set()
        self._known: dict[tuple[str, ...], tuple[list[list[Lexicon]], str]] = {}

    def at(self, place: int, members: Sequence[Tokens]) -> tuple[list[list[Lexicon]], str]:
        """(lexicons by case, why there is none) for a statement of the formula of that number."""
        chosen = self._chosen(place, named_in(members))
        if not chosen:
            return [], "no equations of a network were found"
        functions: dict[str, str] = {}
        for where, letter, name in self.found.functions:
            if where <= place or letter not in functions:
                functions[letter] = name
        self._functions = functions
        key = (*(d.text for d in chosen), *(f"{k} {v}" for k, v in sorted(functions.items())))
        if key not in self._known:
            self._known[key] = self._cases(chosen)
        return self._known[key]

    def _chosen(self, place: int, names: Collection[Marked]) -> list[Definition]:
        """For every name the definition that counts here, as far as the claim needs it."""
        groups: dict[tuple[str, str], list[Definition]] = {}
        for d in self.found.definitions:
            groups.setdefault((d.left.base, d.kind), []).append(d)
        defined = {d.left.base for d in self.found.definitions if not d.derived}
        latest = [_preferred(group, place, defined) for group in groups.values()]
        kept = self._needed(latest, names)
        self._names = {base for base, _ in names} | {
            n.base for d in kept if d.derived for n in walk(d.right) if isinstance(n, Name)
        }
        if not any(d.left.base in LOSS_LETTERS for d in kept):
            kept = self._downstream(latest, kept)
        return self._general(sorted(kept, key=lambda d: d.place))

    @staticmethod
    def _needed(definitions: Sequence[Definition], names: Collection[Marked]) -> list[Definition]:
        """What the claim speaks of, and what that needs: a^l has other equations than a."""
        known = {(d.left.base, d.marked) for d in definitions}
        wanted = set(names)
        kept: list[Definition] = []
        changed = True
        while changed:
            changed = False
            for d in definitions:
                other = (d.left.base, not d.marked)
                asked = (d.left.base, d.marked) in wanted or (
                    other in wanted and other not in known
                )
                if d not in kept and asked:
                    kept.append(d)
                    wanted |= set(marked_names(d.right))
                    changed = True
        return kept

    def _downstream(
        self, definitions: Sequence[Definition], kept: list[Definition]
    ) -> list[Definition]:
        """With what depends on the quantities of the claim, where the cost itself is left open."""
        asked = {d.left.base for d in kept if not d.derived} | self._names
        changed = True
        while changed:
            changed = False
            for d in definitions:
                names = {n.base for n in walk(d.right) if isinstance(n, Name)}
                if d not in kept and not d.derived and names & asked - LOSS_LETTERS:
                    more = self._needed(definitions, list(marked_names(d.right)))
                    kept += [x for x in (d, *more) if x not in kept]
                    asked |= {x.left.base for x in kept if not x.derived}
                    changed = True
        return kept

    @staticmethod
    def _general(definitions: Sequence[Definition]) -> list[Definition]:
        """Without a^{(2)} = ... and a^L = ... where a^l = ... says it for all layers."""
        general = {d.left.base: d for d in definitions if d.kind == "letter" and not d.derived}
        kept: list[Definition] = []
        for d in definitions:
            whole = general.get(d.left.base)
            if whole is not None and not d.derived:
                same = _without_marks(d.right) == _without_marks(whole.right)
                if (d.kind == "number" and not isinstance(d.right, Name)) or (
                    d.kind in ("last", "sample") and same
                ):
                    continue
            if d.kind == "sample" and whole is not None:
                continue
            if d.derived and any(k.derived and k.left.base == d.left.base for k in kept):
                continue
            kept.append(d)
        return kept

    def _cases(self, chosen: Sequence[Definition]) -> tuple[list[list[Lexicon]], str]:
        """All samples; and one sample alone, where the cost is a mean of the samples' costs."""
        lexicons, reason = self._read(chosen)
        cases = [lexicons] if lexicons else []
        open_letters = [
            letter
            for letter in (r"\sigma", "g", "f")
            if letter not in self._functions
            and any(
                isinstance(n, Call) and n.function.base == letter
                for d in chosen
                for n in walk(d.right)
            )
        ]
        if len(open_letters) == 1 and lexicons:
            (letter,) = open_letters
            before, self._functions = self._functions, {**self._functions, letter: "sigmoid"}
            known, _ = self._read(chosen)
            self._functions = before
            cases += [[replace(x, case=f"{letter} the sigmoid") for x in known]] if known else []
        single = self._one_sample(chosen)
        if single is not None:
            one, _ = self._read(single)
            cases += [[replace(x, case="one sample") for x in one]] if one else []
        return cases, reason

    def _one_sample(self, chosen: Sequence[Definition]) -> list[Definition] | None:
        """The definitions with C = (the cost of one sample) in place of C = Σ_x C_x / n."""
        for d in chosen:
            sums = [n for n in walk(d.right) if isinstance(n, BigSum)]
            if d.derived or d.left.base not in LOSS_LETTERS or len(sums) != 1:
                continue
            (big,) = sums
            letter = big.below[0].text if big.below else ""
            inner = [n for n in walk(big.body) if isinstance(n, Name)]
            if letter in ("j", "k", "l", "t") or not inner:
                continue
            own = next(
                (
                    e
                    for e in chosen
                    if e.left.base == inner[0].base and e is not d and len(inner) == 1
                ),
                None,
            )
            body = (
                own.text.split("=", 1)[1]
                if own
                else self.found.latex[d.place][big.body.start : big.body.end]
            )
            name, _, right = (x.strip() for x in d.text.partition("="))
            front = re.sub(
                r"(\d*)\s*[nmN]\s*\}", lambda m: (m[1] or "1") + "}", right[: right.find(r"\sum")]
            )
            text = f"{name} = {front} \\left( {body.strip()} \\right)"
            if self.found.samples:
                text = text.replace(f"({self.found.samples})", "")
            one = Definition(d.place, d.key, d.left, big.body, text, False)
            return [one if e is d else e for e in chosen if e is not own]
        return None

    def _cost(self, equations: Sequence[Definition]) -> list[str]:
        """C = any(a^L), where a cost is differentiated that the post leaves open."""
        defined = {d.left.base for d in equations}
        asked = [c for c in self.found.differentiated if c in LOSS_LETTERS and c in self._names]
        missing = [c for c in asked if c not in defined]
        if not asked and self.found.named:
            missing = ["J"]
        if len(missing) != 1 or defined & LOSS_LETTERS:
            return []
        used = {
            n.base
            for d in equations
            for n in walk(d.right)
            if isinstance(n, Name) and form(n) != form(d.left)
        }
        ends = [d for d in equations if d.left.base not in used]
        ends = ends or [d for d in equations if isinstance(d.right, Call)]
        texts = [t for d in ends if (t := _last_of(d)) is not None]
        return [f"{missing[0]} = any({', '.join(dict.fromkeys(texts))})"] if texts else []

    def _read(self, chosen: Sequence[Definition]) -> tuple[list[Lexicon], str]:
        """The network of the definitions; what cannot be read among them is left out."""
        equations = [d for d in chosen if not d.derived]
        batch = _batches(equations)
        equations = [d for d in equations if d.left.base not in batch]
        defines = [d for d in chosen if d.derived]
        reason = ""
        for _ in range(MOST_ATTEMPTS):
            if not equations:
                break
            given = Declared(
                equations=(*(d.text for d in equations), *self._cost(equations)),
                define=tuple(d.text for d in defines),
                functions=self._functions,
                batch=batch,
                samples=self.found.samples
                if any(
                    "_x" in d.text or r"\sum_x" in d.text or r"\sum_{x}" in d.text
                    for d in equations
                )
                else "",
            )
            try:
                return read_models(given, self.evidence), ""
            except SymbpError as error:
                reason = str(error)
                equations, defines, changed = _without_culprit(equations, defines, reason)
                if not changed:
                    break
        return [], f"its equations are not understood as a network: {reason}"


def _batches(equations: Sequence[Definition]) -> dict[str, str]:
    """X → x for capitals that stand beside their small letters, these being defined themselves."""
    names = {
        n.base
        for d in equations
        for side in (d.left, d.right)
        for n in walk(side)
        if isinstance(n, Name)
    }
    small = {d.left.base for d in equations}
    pairs = {b: b.lower() for b in BATCHES if b in names and b.lower() in names}
    return pairs if any(x in small for x in pairs.values()) else {}


def _last_of(d: Definition) -> str | None:
    """A quantity at its last layer, as the post writes it: a^L for a^l."""
    if any(
        t.text in ("t", r"\tau") for m in (*marks(d.left.sub), *marks(d.left.sup)) for t in m.tokens
    ):
        return None
    text = d.text.split("=")[0].strip()
    return re.sub(r"(?<![A-Za-z\\])(l|\\ell)(\s*\+\s*1)?(?![A-Za-z])", "L", text)


def _without_culprit(
    equations: Sequence[Definition], defines: Sequence[Definition], reason: str
) -> tuple[list[Definition], list[Definition], bool]:
    """Both lists without what the message names."""
    for d in (*equations, *defines):
        if f"{d.text}:" in reason:
            return [e for e in equations if e is not d], [e for e in defines if e is not d], True
    cycle = " need each other" in reason
    for d in reversed(equations):
        named = reason.startswith(
            (
                f"{d.left.base} is",
                f"equation for {d.left.base}[",
                f"no equation defines {d.left.base} for",
            )
        )
        if named or (cycle and d.left.base in reason.split(" need each other")[0].split(" and ")):
            return [e for e in equations if e is not d], list(defines), True
    return list(equations), list(defines), False
