"""A document's own forward equations, found among its formulas.

What defines a quantity that the post differentiates, or that such a definition needs, is an
equation of its network: z^l = W^l a^{l-1} + b^l. At each place of the post the last definition
before it counts, or the first one after it. δ^l = ∂J/∂z^l is a definition of a name.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from itertools import islice

from symbp.documents.own.choosing import Choice, compact, spoken
from symbp.documents.own.definitions import Definition, search
from symbp.documents.own.first_look import LOSS_LETTERS, Marked, named_in, numbered_in
from symbp.documents.own.unsaid import (
    costs,
    costs_of_steps,
    errors,
    mean,
    sample_letters,
    unspecified,
    usual_losses,
)
from symbp.errors import SymbpError
from symbp.reading.declared import Declared
from symbp.reading.grammar.lexer import tokens
from symbp.reading.grammar.parser import parse
from symbp.reading.grammar.statements import statements
from symbp.reading.grammar.syntax import BigSum, Call, Name, Tokens, walk
from symbp.reading.lexicon import Lexicon
from symbp.reading.model import read_models
from symbp.system import Kind

MOST_ATTEMPTS = 24
MOST_RIVALS = 8
#: Letters of layers and times, which no sum is over.
LAYERED = {"l", "t"}
#: Letters of plain numbers: the rates of learning and of decay.
RATES = {r"\lambda", r"\alpha", r"\eta", r"\epsilon"}
#: Capitals that hold a quantity for all samples where the small letter is one sample's.
BATCHES = "XYZAHPT"
Read = tuple[list[Lexicon], str, Definition | None]
"""Lexicons, or why there is none and the definition at fault."""


@dataclass(frozen=True)
class Own:
    """The network that a document's own equations give for one formula, or why there is none."""

    lexicons: list[Lexicon]
    """More than one where the equations leave open what their letters are."""
    reason: str = ""
    chosen: tuple[Definition, ...] = ()
    assumed: str = ""
    """What is taken for granted that nothing in the document says."""
    doubt: str = ""
    """An equation that was not understood, in place of which another one was taken."""
    note: str = ""
    """By what it differs from the network that the place suggests."""

    def loss_behind(self, place: int) -> str:
        """The loss, where it is given only behind a place; what is there before may be another."""
        return next(
            (d.text for d in self.chosen if d.place > place and d.left.base in LOSS_LETTERS), ""
        )


class Networks:
    """The lexicons that a document's own equations give, place by place."""

    def __init__(self, formulas: Sequence[str], evidence: Mapping[str, int]) -> None:
        self.found = search(formulas)
        self.evidence = evidence
        self._functions: dict[str, str] = {}
        self._names: set[str] = set()
        self._known: dict[tuple[str, ...], Read] = {}

    def at(self, place: int, members: Sequence[Tokens]) -> Own:
        """The network of a statement of the formula of that number."""
        names = self._prepared(place, members)
        return self._understood(self._choice(place, members, names), names)

    def variants(self, place: int, members: Sequence[Tokens], own: Own) -> Iterator[Own]:
        """The same with a known activation where it is left open; for one sample alone."""
        self._names = spoken(own.chosen, self._prepared(place, members))
        for letter, meaning in self._activations(own.chosen):
            known, _, _ = self._read(own.chosen, {**self._functions, letter: meaning})
            yield Own(known, note=f"holds for {letter} the {meaning}", chosen=own.chosen)
        averaged, _, _ = self._read(own.chosen, self._functions, averaged=True)
        yield Own(averaged, note="holds for a cost that is a mean over samples", chosen=own.chosen)
        single = self._one_sample(own.chosen)
        if single is not None:
            one, _, _ = self._read(single, self._functions)
            yield Own(one, note="holds for one sample", chosen=tuple(single))

    def rivals(self, place: int, members: Sequence[Tokens], has: str = "") -> Iterator[Own]:
        """The same with another definition of one of its quantities, which may be the one meant.

        With a letter, only definitions that speak of it.
        """
        names = self._prepared(place, members)
        choice = self._choice(place, members, names)
        self._understood(choice, names)
        chosen, _ = choice.needed(names)
        others = (
            d
            for d in choice.rivals(chosen)
            if not has or any(isinstance(n, Name) and n.base == has for n in walk(d.right))
        )
        for other in islice(others, MOST_RIVALS // 2 if has else MOST_RIVALS):
            again = self._choice(place, members, names)
            again.refused, again.preferred = list(choice.refused), other
            yield replace(self._understood(again, names), note=f"it holds with {other.text}")

        for loss in () if has else self._usual_losses(chosen):
            kept = [loss if d.left.base == loss.left.base else d for d in chosen]
            lexicons, _, _ = self._read(kept, self._functions)
            yield Own(lexicons, note=f"it holds with {loss.text}")

    def set_to_numbers(self, right: str, repair: str) -> str:
        """x = 1, if the document sets a letter to a number that only the repair has."""
        names = [
            {base for base, _ in named_in([tokens(text)], self.found.vocabulary)}
            for text in (right, repair)
        ]
        return next((t for x, t in self.found.numbers.items() if x in names[1] - names[0]), "")

    def _usual_losses(self, chosen: Sequence[Definition]) -> Iterator[Definition]:
        """The losses that a text may mean that compares several: half squared, cross-entropy."""
        for d in chosen:
            same = [x for x in self.found.definitions if x.left.base == d.left.base]
            if d.left.base in LOSS_LETTERS and len({compact(x.text) for x in same}) > 1:
                for text in usual_losses(d):
                    (s,) = statements(tokens(text))
                    right = parse(s.members[1], self.found.vocabulary)
                    yield replace(d, text=text, right=right)

    def _choice(self, place: int, members: Sequence[Tokens], names: Sequence[Marked]) -> Choice:
        numbered = numbered_in(members, self.found.vocabulary)
        return Choice(self.found.definitions, place, names, numbered)

    def _prepared(self, place: int, members: Sequence[Tokens]) -> list[Marked]:
        """The names of a statement; and the functions that are defined where it stands."""
        self._functions = {}
        for where, letter, name in self.found.functions:
            if where <= place or letter not in self._functions:
                self._functions[letter] = name
        return named_in(members, self.found.vocabulary)

    def _understood(self, choice: Choice, names: Sequence[Marked]) -> Own:
        """The network of the definitions, each that is not understood replaced by another."""
        reason = "no equations of a network were found"
        for _ in range(MOST_ATTEMPTS):
            chosen, self._names = choice.needed(names)
            if not any(not d.derived for d in chosen):
                break
            lexicons, reason, culprit = self._read(chosen, self._functions)
            if culprit is None:
                assumed = "; ".join(f"{e} is assumed" for e in self._errors(chosen))
                doubt = choice.doubt(chosen) or self._unread_nearer(chosen, choice.place)
                return Own(lexicons, reason, tuple(chosen), assumed, doubt)
            choice.refused.append(culprit)
        return Own([], reason)

    def _unread_nearer(self, chosen: Sequence[Definition], place: int) -> str:
        """An equation between a chosen one and the claim that says the same letter otherwise."""
        for where, base, text in self.found.unread:
            if any(d.left.base == base and d.place < where <= place for d in chosen):
                return text
        return ""

    def _activations(self, chosen: Sequence[Definition]) -> list[tuple[str, str]]:
        """The meanings that the one letter of an activation may have that nothing defines."""
        applied = {
            n.function.base for d in chosen for n in walk(d.right) if isinstance(n, Call)
        } - self._functions.keys()
        letters = [letter for letter in (r"\sigma", "g", "f") if letter in applied]
        return [(letters[0], m) for m in ("sigmoid", "tanh")] if len(letters) == 1 else []

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

    def _costs(self, chosen: Sequence[Definition]) -> list[str]:
        """C = any(a^L), where a cost is differentiated that the post leaves open."""
        equations = [d for d in chosen if not d.derived]
        defined = {d.left.base for d in equations}
        asked = [c for c in self.found.differentiated if c in LOSS_LETTERS and c in self._names]
        speaks = self.found.named or self._names & {r"\delta", r"\Delta"}
        if not asked and speaks and not defined & LOSS_LETTERS:
            asked = [next((c for c in self.found.differentiated if c in LOSS_LETTERS), "J")]
        steps = sorted((self.found.parts & self._names) - defined - set(asked))
        found = [line for c in steps for line in costs_of_steps(equations, c)]
        return found or costs(equations, [c for c in asked if c not in defined])

    def _errors(self, chosen: Sequence[Definition]) -> list[str]:
        """δ^l = ∂C/∂z^l, where the claim speaks of an error that nothing defines."""
        known = {d.left.base for d in self.found.definitions}
        letters = sorted((self._names & {r"\delta"}) - known)
        equations = [d for d in chosen if not d.derived]
        losses = [d.left.base for d in equations if d.left.base in LOSS_LETTERS]
        losses += [line.split(" = ")[0] for line in self._costs(chosen)]
        return errors(equations, losses[-1], letters) if losses and letters else []

    def _models(self, given: Declared) -> list[Lexicon]:
        """The networks; with summation implied where an index stands twice, and only so."""
        try:
            return read_models(given, self.evidence)
        except SymbpError as error:
            for other in _otherwise(given, str(error)):
                with suppress(SymbpError):
                    return read_models(other, self.evidence)
            raise

    def _read(
        self, chosen: Sequence[Definition], functions: Mapping[str, str], averaged: bool = False
    ) -> Read:
        """The network of the definitions; or why there is none, and which one is not understood."""
        equations = [d for d in chosen if not d.derived]
        batch = _batches(equations)
        equations = [d for d in equations if d.left.base not in batch]
        more = self._costs(equations)
        if averaged:
            means = [x for line in more if (x := mean(line)) is not None]
            if not means:
                return [], "", None
            more = means
        given = Declared(
            equations=(*(d.text for d in equations), *more),
            define=(*(d.text for d in chosen if d.derived), *self._errors(chosen)),
            indices=dict.fromkeys(sample_letters(equations), Kind.SAMPLE),
            functions={**unspecified(equations), **functions},
            batch=batch,
            names=tuple(sorted(self.found.vocabulary.words)),
            constants=_rates(equations),
            samples=self.found.samples
            if any(
                "_x" in d.text or r"\sum_x" in d.text or r"\sum_{x}" in d.text for d in equations
            )
            else "",
        )
        key = (*given.equations, "", *given.define, *(f"{k} {v}" for k, v in functions.items()))
        if key not in self._known:
            try:
                self._known[key] = self._models(given), "", None
            except SymbpError as error:
                reason = f"its equations are not understood as a network: {error}"
                self._known[key] = [], reason, _culprit(chosen, str(error))
        return self._known[key]


def _otherwise(given: Declared, reason: str) -> Iterator[Declared]:
    """What else may be meant: summation implied; a sum over samples that are not marked."""
    line = next((e for e in given.equations if f"equation {e}:" in reason), "")
    if alone := re.search(r"nothing in the sum has the index (\w)$", reason):
        yield replace(given, samples=alone[1])
        return
    marks = re.findall(r"_\s*\{?\s*([a-z]{1,2})\b", line.partition("=")[2])
    letters = Counter("".join(marks))
    twice = {x for x, count in letters.items() if count > 1 and x not in LAYERED}
    if twice and r"\sum" not in line:
        kinds = dict.fromkeys(twice, Kind.UNIT)
        yield replace(given, summation="implied", indices={**kinds, **given.indices})


def _rates(equations: Sequence[Definition]) -> tuple[str, ...]:
    """The letters of plain numbers that stand in equations without an index."""
    names = [n for d in equations for n in walk(d.right) if isinstance(n, Name)]
    marked = {n.base for n in names if n.sub or n.sup} | {d.left.base for d in equations}
    return tuple(sorted({n.base for n in names if n.base in RATES} - marked))


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


def _culprit(chosen: Sequence[Definition], reason: str) -> Definition | None:
    """The definition that a message names."""
    for d in sorted(chosen, key=lambda d: d.derived):
        if f"{d.text}:" in reason:
            return d
    cyclic, cycle, _ = reason.replace(" needs itself", " need each other").partition(" need each")
    for d in reversed([d for d in chosen if not d.derived]):
        named = reason.startswith(
            (
                f"{d.left.base} is",
                f"equation for {d.left.base}[",
                f"no equation defines {d.left.base} for",
            )
        )
        if named or (cycle and d.left.base in cyclic.split(" and ")):
            return d
    plain = [d for d in chosen if not d.derived]
    return next((d for d in chosen if not _readable(d.text)), plain[0] if plain else None)


def _readable(text: str) -> bool:
    try:
        return len(statements(tokens(text))[0].members) > 1
    except SymbpError:
        return False
