"""The claims of a document, judged in the order in which they stand.

A declaration holds from its place on. Formulas that begin with = go on with the statement before.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace

import sympy as sp

from symbp.documents.finding import Finding
from symbp.documents.formats.macros import expand
from symbp.documents.networks import KEYS, declared_network, is_read_by_name
from symbp.documents.own.equations import Networks, Own
from symbp.documents.own.first_look import named_in
from symbp.documents.own.hints import declaration
from symbp.documents.plain import as_latex
from symbp.documents.region import Declaration, Document, Macro, Plain, Problem, Region
from symbp.errors import ReadingError, SymbpError
from symbp.judge.algebra import algebra_verdict
from symbp.judge.chains import judge, speaks_of_derivatives
from symbp.judge.claims import Judge
from symbp.judge.verdict import Status, Verdict
from symbp.reading.algebra import NotPlainError, plain_algebra
from symbp.reading.declared import declared
from symbp.reading.grammar.lexer import tokens
from symbp.reading.grammar.parser import FUNCTION_WORDS
from symbp.reading.grammar.statements import EQUALITIES, Statement, statements
from symbp.reading.grammar.syntax import Tokens
from symbp.reading.model import counted_units, read_models

#: \log without a base, which outside of this field is often the one to the base 10.
DECIMAL = re.compile(r"\\log(?![a-zA-Z])(?!\s*_)")
#: The letter that a network lacks.
MISSING = re.compile(r"(?:no equation defines|does not depend on) (\\?[A-Za-z]+)")
#: Fonts of vectors.
BOLD = re.compile(r"\\(?:mathbf|boldsymbol|bm|pmb|vec|mathbb)(?![a-z])")
#: dy/dx with a Latin d above and below the bar.
LATIN = re.compile(r"frac\s*\{\s*(\\mathrm\s*\{\s*d\s*\}|d)[^{}]*\}\s*\{\s*\1\s*\\?[A-Za-z]")


def judged(document: Document) -> Iterator[Finding]:
    """A finding for every claim of the document."""
    yield from _Reader(document).findings()


class _Reader:
    """Goes through a document part by part."""

    def __init__(self, document: Document) -> None:
        self.document = document
        self.cases: dict[str, list[Judge]] = {}
        self.before: tuple[Statement, str] | None = None
        self.counted: Mapping[str, int] | None = None
        self.networks: Networks | None = None
        self.place = -1
        """The number of the formula that is read."""
        self.skipping = False
        """Whether the next formula is not judged."""
        self.lost = False
        """Whether a declaration of the cases that hold side by side was not read."""
        self.kept: dict[int, list[list[Judge]]] = {}

    def findings(self) -> Iterator[Finding]:
        for part in self.document.parts:
            if isinstance(part, Problem):
                verdict = Verdict(Status.UNREAD, "", reason=part.message)
                yield Finding(self.document.name, part.line, part.column, verdict)
            elif isinstance(part, Declaration):
                yield from self._declaration(part)
            elif isinstance(part, Plain):
                yield from self._plain_text(part)
            else:
                yield from self._region(part, self.document.macros)

    def _declaration(self, part: Declaration) -> Iterator[Finding]:
        self.skipping = "skip" in part.entries
        if self.skipping and len(part.entries) == 1:
            return
        if "case" not in part.entries:
            self.cases.clear()
            self.lost = False
        try:
            named = KEYS if "network" in part.entries else ()
            if part.fills and named and not is_read_by_name(part.entries):
                return  # the equations in the block are read
            given = declared({k: v for k, v in part.entries.items() if k not in named})
            if "network" in part.entries:
                lexicon = declared_network(part.entries)
                lexicons = [replace(lexicon, assumes_totals=given.assumes_totals)]
            else:
                lexicons = read_models(given, self._evidence())
            self.cases[given.case] = [Judge(x) for x in lexicons]
            if given.continues:
                left = statements(tokens(given.continues + " = 0"))[0]
                self.before = (left, given.continues)
        except SymbpError as error:
            self.lost = True
            verdict = Verdict(Status.UNREAD, "", reason=f"declaration: {error}")
            yield Finding(self.document.name, part.line, part.column, verdict)

    def _evidence(self) -> Mapping[str, int]:
        """How many indices names have anywhere in the document."""
        if self.counted is None:
            formulas = []
            for part in self.document.parts:
                if isinstance(part, Region):
                    with suppress(ReadingError):
                        formulas.append(tokens(part.latex))
            self.counted = counted_units(formulas)
        return self.counted

    def _networks(self) -> Networks:
        if self.networks is None:
            formulas = [p.latex for p in self.document.parts if isinstance(p, Region)]
            self.networks = Networks(formulas, self._evidence())
        return self.networks

    def _judges(self, own: Own) -> list[list[Judge]]:
        """The network of a document's own equations as the one case that there is."""
        if not own.lexicons:
            return []
        if id(own.lexicons) not in self.kept:
            self.kept[id(own.lexicons)] = [[Judge(x) for x in own.lexicons]]
        return self.kept[id(own.lexicons)]

    def _region(self, region: Region, macros: Mapping[str, Macro]) -> Iterator[Finding]:
        self.place += 1
        if self.skipping:
            self.skipping = False
            return
        try:
            text = expand(region.latex, macros) if macros else region.latex
            found = statements(tokens(text))
        except ReadingError as error:
            if _looks_like_a_claim(region.latex):
                yield self._finding(region, Verdict(Status.UNREAD, region.latex, reason=str(error)))
            return
        for s in found:
            yield from self._statement(s, region, text)

    def _plain_text(self, part: Plain) -> Iterator[Finding]:
        """An equation in plain text; nothing is said of one that is not read, or in two ways."""
        kept, ways = self.before, []
        for layers in (True, False):
            latex = as_latex(part.text, layers)
            with suppress(ReadingError):
                found = statements(tokens(latex)) if latex else []
                if len(found) == 1 and (s := found[0]).relations and self._words_known(s, latex):
                    region = Region(latex, part.line, part.column)
                    ways.append(list(self._statement(s, region, latex)))
        self.before = kept
        silent = {Status.UNREAD} if self.cases else {Status.UNREAD, Status.UNDECIDED}
        ways = [w for w in ways if w and silent.isdisjoint(f.verdict.status for f in w)]
        if len({tuple(f.verdict.status for f in w) for w in ways}) == 1:
            for f in ways[0]:
                shown = part.text if len(ways[0]) == 1 else f.verdict.latex
                verdict = replace(f.verdict, latex=shown)
                yield replace(f, line=part.line, column=part.column, verdict=verdict)

    def _words_known(self, s: Statement, latex: str) -> bool:
        """Whether no word of three letters or more is only letters side by side."""
        own = () if self.cases else self._judges(self._networks().at(self.place, list(s.members)))
        cases = [*self.cases.values(), *own]
        known = {*FUNCTION_WORDS, "axis", "keepdims", "True"}
        for each in (j for case in cases for j in case):
            known |= {*each.lexicon.names, *each.lexicon.functions}
        bare = re.sub(r"\\[A-Za-z]+|_\{\w+\}", " ", latex)
        words = re.findall(r"(?<![A-Za-z])d?([A-Za-z]{3,})", bare)
        return bool(cases) and known.issuperset(words)

    def _statement(self, s: Statement, region: Region, text: str) -> Iterator[Finding]:
        members = list(s.members)
        latex = [_source(m, text) for m in members]
        if s.continues:
            if self.before is None:
                return
            members.insert(0, self.before[0].members[0])
            latex.insert(0, self.before[1])
        elif s.relations:
            self.before = (s, latex[0])
        if len(members) < 2:
            return
        cases, own = list(self.cases.values()), Own([])
        declared_here = bool(cases)
        if not cases and _may_be_claim(latex):
            own = self._networks().at(self.place, members)
            cases = self._judges(own)
        is_claim = self._is_claim(members, latex, cases)
        found = judge(cases, members, latex, s.condition, own.reason) if is_claim else []
        if all(v.status is Status.UNREAD for v in found):
            found = self._plain(members, latex) or found
        for place, (verdict, member) in enumerate(zip(found, members[1:], strict=False), 1):
            left = () if s.continues else members[0]
            verdict = _as_stated(verdict, s.relations[:place])
            if own.assumed and verdict.status is Status.PROVED:
                verdict = replace(verdict, conventions=(*verdict.conventions, own.assumed))
            elif not declared_here and verdict.status is not Status.PROVED:
                verdict = self._undeclared(verdict, own, members, latex, place, s.condition)
            verdict = _among_lost(verdict) if self.lost else verdict
            if not declared_here and verdict.status is Status.UNREAD:
                verdict = self._hinted(verdict, members)
            yield self._finding(region, verdict, text, left, member)

    def _plain(self, members: list[Tokens], latex: list[str]) -> list[Verdict]:
        """What plain algebra says of derivatives of letters that the document defines nowhere."""
        if any(BOLD.search(text) for text in latex):
            return []
        try:
            sides = plain_algebra(members)
        except NotPlainError:
            return []
        letters = {str(s) for side in sides for s in side.free_symbols}
        known = {
            w.base.lstrip("\\")
            for case in self.cases.values()
            for j in case
            for w in j.lexicon.words
        }
        defined = {d.left.base.lstrip("\\") for d in self._networks().found.definitions}
        if letters & (known | defined) or not any(side.has(sp.Derivative) for side in sides):
            return []
        decimal = plain_algebra([tokens(DECIMAL.sub(r"\\log_{10}", x)) for x in latex])
        texts = [f"{latex[0]} = {text}" for text in latex[1:]]
        found = [algebra_verdict(sides[0], *pair) for pair in zip(sides[1:], texts, strict=True)]
        other = [algebra_verdict(decimal[0], *p) for p in zip(decimal[1:], texts, strict=True)]
        return [_either_logarithm(*pair) for pair in zip(found, other, strict=True)]

    def _undeclared(
        self, verdict: Verdict, own: Own, members: list[Tokens], latex: list[str], place: int,
        condition: Sequence[Tokens],
    ) -> Verdict:  # fmt: skip
        """The verdict in a network that nobody declared: refuted only where it was surely read.

        That is with a repair, no nearer equation that was not understood, and no other definition
        in the document by which the claim holds.
        """
        networks = self._networks()
        pair, texts = [members[0], members[place]], [latex[0], latex[place]]

        def proved(other: Own) -> Verdict | None:
            (found,) = judge(self._judges(other), pair, texts, condition, diagnosing=False)
            return found if found.status is Status.PROVED else None

        for variant in networks.variants(self.place, members, own):
            if (found := proved(variant)) is not None:
                notes = [n for n in (variant.note, own.assumed) if n]
                return replace(found, conventions=(*found.conventions, *notes))
        if verdict.status is Status.UNREAD:
            return self._elsewhere(verdict, members, place, proved)
        if verdict.status is not Status.REFUTED:
            return verdict
        if not verdict.repair:
            return _open(
                verdict,
                f"{verdict.reason}, in the network that the document's own formulas seem to "
                "define; a declaration would settle it",
            )
        if own.assumed:
            return _open(verdict, f"{verdict.reason}, where {own.assumed}")
        if own.doubt:
            return _open(verdict, f"{verdict.reason}; but {own.doubt} was not understood")
        if late := own.loss_behind(self.place):
            return _open(verdict, f"{verdict.reason}, by {late}, which stands only behind it")
        if number := networks.set_to_numbers(latex[place], verdict.repair):
            return _open(verdict, f"{verdict.reason}; the text says {number}")
        for rival in networks.rivals(self.place, members):
            if proved(rival) is not None:
                return _open(verdict, f"{verdict.reason}; {rival.note}")
        return verdict

    def _hinted(self, verdict: Verdict, members: list[Tokens]) -> Verdict:
        """With the declaration that the letters of the claim suggest, where one is missing."""
        names = named_in(members, self._networks().found.vocabulary)
        line = declaration(verdict.latex, names) if "no equation" in verdict.reason else ""
        if not line:
            return verdict
        return replace(
            verdict, reason=f"{verdict.reason}; if it is a plain network, declare {line}"
        )

    def _elsewhere(
        self, verdict: Verdict, members: list[Tokens], place: int,
        proved: Callable[[Own], Verdict | None],
    ) -> Verdict:  # fmt: skip
        """Proved with another definition that has the name which is missing, where one stands."""
        missing = MISSING.search(verdict.reason)
        if missing is None:
            return verdict
        for rival in self._networks().rivals(self.place, members, missing[1]):
            if (found := proved(rival)) is not None:
                return replace(found, conventions=(*found.conventions, rival.note))
        return verdict

    @staticmethod
    def _is_claim(members: list[Tokens], latex: list[str], cases: list[list[Judge]]) -> bool:
        for each in (j for case in cases for j in case):
            nodes = []
            for m in members:
                try:
                    nodes.append(each.parse(m))
                except ReadingError:
                    continue
            if speaks_of_derivatives(nodes, each.lexicon):
                return True
        return any(_looks_like_a_claim(x) for x in latex)

    def _finding(
        self,
        region: Region,
        verdict: Verdict,
        text: str = "",
        left: Tokens = (),
        right: Tokens = (),
    ) -> Finding:
        """A finding at the left side, or at the member itself where the left side stands before."""
        first = left or right
        start = first[0].start if first and text == region.latex else 0
        before = region.latex[:start]
        line = region.line + before.count("\n")
        column = len(before) - before.rfind("\n") if "\n" in before else region.column + start
        return Finding(self.document.name, line, column, verdict)


def _either_logarithm(natural: Verdict, decimal: Verdict) -> Verdict:
    """Undecided where it holds for the logarithm to the base 10 alone."""
    if natural.status is not Status.REFUTED or decimal.status is not Status.PROVED:
        return natural
    reason = r"it holds if \log is the logarithm to the base 10, not if it is the natural one"
    return Verdict(Status.UNDECIDED, natural.latex, reason=reason)


def _open(verdict: Verdict, reason: str) -> Verdict:
    return replace(
        verdict, status=Status.UNDECIDED, reason=reason, counterexample=None, repair="", mistake=""
    )


def _among_lost(verdict: Verdict) -> Verdict:
    """Refuted where a declaration was not read: it may hold in the network that is declared."""
    if verdict.status is not Status.REFUTED:
        return verdict
    reason = f"{verdict.reason}; a declaration that holds here as well was not read"
    return Verdict(Status.UNDECIDED, verdict.latex, reason=reason)


def _as_stated(verdict: Verdict, relations: Sequence[str]) -> Verdict:
    """The verdict on sides that the relations between them join: only equalities are refuted."""
    other = next((r for r in relations if r not in EQUALITIES and r != r"\leftarrow"), "")
    if not other or verdict.status is not Status.REFUTED:
        return verdict
    reason = f"{other} states no equality, and exactly equal the two sides are not"
    return Verdict(Status.UNDECIDED, verdict.latex, reason=reason)


def _may_be_claim(latex: list[str]) -> bool:
    """Whether there is any sign of a derivative, or of an update: ∂, ∇, δ, a prime, W := W − ..."""
    left, *rest = (re.sub(r"\s", "", x) for x in latex)
    if any(x.startswith((left + "-", left + "+")) for x in rest):
        return True
    return any(
        _looks_like_a_claim(x) or "'" in x or r"\prime" in x or "d" in x or r"\Delta" in x
        for x in latex
    )


def _looks_like_a_claim(latex: str) -> bool:
    """Whether a text that cannot be read speaks of derivatives."""
    signs = (r"\partial", r"\nabla", "∂", r"\delta")
    return any(sign in latex for sign in signs) or LATIN.search(latex) is not None


def _source(member: Tokens, text: str) -> str:
    """The LaTeX of a member as it stands."""
    if not member:
        return ""
    start = member[0].start
    opening = re.search(r"\\(?:left|[bB]igg?l?)\s*$", text[:start])
    return text[opening.start() if opening else start : member[-1].end].strip()
