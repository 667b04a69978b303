"""A derivation as a Markdown post: sentences in a language, formulas in a notation.

Formulas stand as $$ blocks between blank lines, one equation each, and subscripts follow
letters, so that Hugo, Jekyll, Jupyter and GitHub all leave them alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property

import sympy as sp
from sympy import Expr

from symbp.adjoint import adjoint_name
from symbp.derivation import Derivation, Step, derive, kept, simplified
from symbp.forms.axes import axis_slots
from symbp.forms.component import legible
from symbp.forms.contract import NoMatrixForm
from symbp.forms.convolution import convolution_form, convolves, has_places
from symbp.forms.index import count, looks_up_data
from symbp.forms.matrix import matrix_form
from symbp.functions import Elementwise, X, in_rows
from symbp.latex.convolution import ImageWriter, without_places
from symbp.latex.given import given
from symbp.latex.lines import equation_of_terms
from symbp.latex.matrix import MatrixWriter
from symbp.latex.phrases import say
from symbp.latex.signs import new_signs
from symbp.latex.wording import adjoint_of, kind, matrix_words, phrase, section
from symbp.latex.writer import Writer
from symbp.notation import Notation
from symbp.system import Equation, Kind, Range, Role, System, Variable
from symbp.system.equation import family_of, index_of

#: left = right on a domain, under a condition on the data or None.
Claimed = tuple[Expr, Expr, tuple[Range, ...], "str | None"]


@dataclass
class Post:
    """A post in the making: its formulas are also kept as a list, for whoever checks them."""

    system: System
    """The network with its adjoints."""
    notation: Notation
    language: str
    blocks: list[str] = field(default_factory=list)
    claims: list[Claimed] = field(default_factory=list)
    """What the index-form formulas of the post say."""
    _writers: dict[str, Writer] = field(default_factory=dict)
    _notes: list[str] = field(default_factory=list)
    """What is to be said after the next formula."""
    _said: set[str] = field(default_factory=set)

    def say(self, key: str, **values: object) -> None:
        """A sentence."""
        self.blocks.append(say(key, self.language, **values))

    def heading(self, key: str, level: int = 2, **values: object) -> None:
        """A heading."""
        self.blocks.append("#" * level + " " + say(key, self.language, **values))

    def formula(self, latex: str) -> None:
        """A formula on its own."""
        self.blocks.append(f"$$\n{latex}\n$$")
        self._notes += new_signs(latex, self.notation, self._said)
        self._said |= set(self._notes)
        if self._notes:
            space = " " if self.language == "en" else ""
            sign = {"hadamard": self.notation.hadamard}
            self.blocks.append(space.join(say(k, self.language, **sign) for k in self._notes))
        self._notes.clear()

    @property
    def text(self) -> str:
        """The post as Markdown."""
        return "\n\n".join(self.blocks) + "\n"

    def writer(self, e: Expr) -> Writer:
        """A writer whose layer letter suits the family of an entry."""
        name = str(family_of(e))
        if name not in self._writers:
            self._writers[name] = Writer(self.system, self.notation, name)
        return self._writers[name]

    def equation(self, left: str, terms: Sequence[str], where: str = "") -> None:
        """left = the sum of terms, on several lines where it is long; `where` stands after it."""
        self.formula(equation_of_terms(left, terms, rf" \qquad {where}" if where else ""))

    def matrix(self, left: Expr, right: Expr, domain: Sequence[Range]) -> str | None:
        """left = right as matrices, or None where the equation has no matrix form."""
        parts = self.matrix_terms(left, right, domain)
        return f"{parts[0]} = {' '.join(parts[1])}" if parts else None

    def matrix_terms(
        self, left: Expr, right: Expr, domain: Sequence[Range]
    ) -> tuple[str, list[str]] | None:
        """left as a matrix, and the terms of right."""
        equation = Equation(str(family_of(left)), index_of(left), right, tuple(domain))
        try:
            if self.convolves and has_places(equation, self.system):
                return self._images(equation)
            seen = matrix_form(equation, self.system, self.notation.layout)
        except NoMatrixForm:
            return None
        writer = MatrixWriter(self.writer(left))
        return writer.write(seen.lhs), writer.terms(seen.rhs)

    @cached_property
    def convolves(self) -> bool:
        """Whether the network has convolutions: its arrays are then written as images."""
        return convolves(self.system)

    def _images(self, equation: Equation) -> tuple[str, list[str]]:
        """An equation of images, explained where a sign is new."""
        seen = convolution_form(equation, self.system)
        self.claims.append((seen.left_written_out(), seen.written_out(), seen.domain, None))
        self._notes += [key for key in seen.signs() if key not in self._said]
        self._said |= set(self._notes)
        writer = ImageWriter(self.system, self.notation, equation.family, seen.places)
        return writer.write(seen.lhs), writer.terms(seen.rhs)

    def holds(self, e: Expr, domain: Sequence[Range], whole: bool = False) -> str:
        """Where an equation holds; as a `whole`, no places where arrays of them are written."""
        shown = without_places(e, domain, self.system) if whole and self.convolves else domain
        return self.writer(e).domain(e, shown)

    def where(self, e: Expr, domain: Sequence[Range]) -> str:
        """The layers for which a formula holds, in words; "" for a single one."""
        text = self.writer(e).domain(e, domain)
        comma = ", " if self.language == "en" else "，"
        return comma + say("layers run", self.language, domain=text) if text else ""


def write_post(
    system: System,
    notation: Notation,
    language: str = "en",
    form: str = "full",
    derived: Sequence[Derivation] | None = None,
) -> Post:
    """The post that derives a gradient, or shows `derived`: "full" with every step, or "short"."""
    found = derive(system) if derived is None else derived
    post = Post(found[0].system, notation, language)
    order = [v.name for v in system.with_role(Role.PARAMETER)]
    derivations = sorted(
        found, key=lambda d: order.index(f) if (f := adjoint_of(post.system, d)) in order else -1
    )
    post.heading("title", 1, network=kind(system, language))
    post.say("notation", title=notation.title[language])
    if notation.remarks:
        post.blocks.append(notation.remarks[language])
    _forward(post, system)
    if form == "full":
        _backward(post, derivations)
    _results(post, derivations)
    every_weight(post, derivations)
    _update(post)
    return post


def _forward(post: Post, system: System) -> None:
    post.heading("forward")
    sizes = system.sizes.get("n")
    if isinstance(sizes, tuple):
        n = post.notation
        last = len(sizes) - 1 + n.depth_shift
        post.say("sizes", sizes=", ".join(map(str, sizes)), depth=n.depth, last=last)
    for key, latex in given(system, post.notation):
        post.say(key)
        post.formula(latex)
    said: set[str] = set()
    for equation in system.equations:
        if _names_itself(post, equation):
            continue
        if equation.family == system.loss:
            post.say("cost")
        _equation(post, equation.lhs, equation.rhs, equation.domain)
        for latex in _named_functions(post, equation.rhs):
            if latex not in said:
                post.say("function")
                post.formula(latex)
                said.add(latex)
    for latex in _last_names(post):
        post.say("last name")
        post.formula(latex)


def _names_itself(post: Post, equation: Equation) -> bool:
    """h_0 = h_0: the entry is called as what is given for it."""
    writer = Writer(post.system, post.notation)
    left, right = (writer.write(e).replace(",", "") for e in (equation.lhs, equation.rhs))
    return left == right


def _named_functions(post: Post, rhs: Expr) -> list[str]:
    """What σ, g or f stands for, where it is a function of the table."""
    writer = Writer(post.system, post.notation)
    rows = sorted({n.row for n in rhs.atoms(Elementwise) if n.row.name == "sigmoid"}, key=str)
    letter = next(u for u in "uvxst" if u not in post.system.by_name)
    return [
        f"{writer.applied(row.name, row.latex, 0, letter)[0]} = "
        f"{writer.write(in_rows(row.value).xreplace({X: sp.Symbol(letter, integer=True)}))}"
        for row in rows
        if row.value is not None
    ]


def _last_names(post: Post) -> list[str]:
    """o = a^N: families that have a name of their own at the last layer."""
    writer = Writer(post.system, post.notation)
    found = []
    for variable in post.system.with_role(Role.INTERMEDIATE):
        style = writer.entries.style(variable.name)
        layers = [s for s in variable.slots if s.kind is Kind.LAYER]
        if style.last and layers:
            mark = post.notation.layer_mark.format(post.notation.depth)
            found.append(f"{style.last} = {style.entry}^{{{mark}}}")
    return found


def _equation(
    post: Post,
    left: Expr,
    right: Expr,
    domain: tuple[Range, ...],
    condition: str | None = None,
) -> None:
    """left = right in index form, then as matrices where that says something new."""
    writer = post.writer(left)
    a, b = writer.write(left), writer.write(right)
    if a == b:
        return
    post.claims.append((left, right, domain, condition))
    post.equation(a, writer.terms(right), post.holds(left, domain))
    seen = post.matrix_terms(left, right, domain)
    if seen is not None and not right.is_number and (seen[0], " ".join(seen[1])) != (a, b):
        post.equation(*seen, post.holds(left, domain, whole=True))


def _backward(post: Post, derivations: Sequence[Derivation]) -> None:
    post.heading("backward")
    named = [v for v in post.system.variables if v.adjoint_of and v.adjoint_of[1] == "z"]
    if post.notation.delta and named:
        post.say("defines delta")
        post.formula(_delta(post, named[0]))
    heading = ""
    for d in derivations:
        wanted = section(post.system, d)
        if wanted != heading:
            post.heading(wanted, 3)
            heading = wanted
        write_derivation(post, d)


def _delta(post: Post, adjoint: Variable) -> str:
    """δ = ∂C/∂z."""
    entry = adjoint[adjoint.own_index]
    writer = post.writer(entry)
    value = writer.write(post.system["z"][adjoint.own_index])
    return f"{writer.write(entry)} = {writer.entries.derivative(post.system.loss, value)}"


def write_derivation(post: Post, d: Derivation) -> None:
    """The steps that derive one adjoint, and its matrix form."""
    writer = post.writer(d.target)
    left = writer.write(d.target)
    used = writer.write(post.system[adjoint_of(post.system, d)][index_of(d.target)])
    post.say("goal", entry=left, domain=post.where(d.target, d.domain))
    before, condition = left, None
    for step in d.steps:
        after = writer.write(step.after)
        if after == before:
            continue
        post.say(phrase(step), used=used)
        condition = condition or step.condition
        post.claims.append((d.target, step.after, d.domain, condition))
        post.equation(left, writer.terms(step.after))
        before = after
    seen = post.matrix_terms(d.target, d.result, d.domain)
    if seen is not None:
        as_images = post.convolves and has_places(d.equation, post.system)
        post.say("images" if as_images else matrix_words(post.system, d.target))
        post.equation(*seen)


def _results(post: Post, derivations: Sequence[Derivation]) -> None:
    post.heading("results")
    named = kept(derivations)
    for d in derivations:
        if family_of(d.target) in named:
            for step in _last_steps(d, post.writer(d.target)):
                if step.condition:
                    post.say(step.rule)
                _equation(post, d.target, step.after, d.domain, step.condition)


def _last_steps(d: Derivation, writer: Writer) -> Sequence[Step]:
    """The result with σ' left as it is, where that is short, and with it written out."""
    plain = [s for s in d.steps if s.rule in ("collapse", "insert")][-1:]
    short = [s for s in plain if sp.count_ops(s.after) <= sp.count_ops(d.result)]
    return list({writer.write(s.after): s for s in [*short, d.steps[-1]]}.values())


def _update(post: Post) -> None:
    post.heading("update")
    post.say("step size", rate=post.notation.rate)
    n, axes = post.notation, axis_slots(post.system, post.notation.layout.axes)
    entries = post.writer(post.system[post.system.loss].atom).entries
    names = []
    for variable in post.system.with_role(Role.PARAMETER):
        entries = post.writer(variable[variable.own_index]).entries
        wholes = [
            s.symbol
            for i, s in enumerate(variable.slots)
            if (variable.name, i) in axes or post.convolves
        ]
        names.append(entries.whole(variable.name, variable.own_index, wholes, frozenset()))
    letter = next(x for x in (r"\theta", r"\omega", r"\vartheta") if x not in names)
    several = len(names) > MOST_UPDATES
    for name in [letter] if several else names:
        slope = entries.derivative(post.system.loss, name)
        every = rf" \qquad {letter} \in \{{{', '.join(names)}\}}" if several else ""
        post.formula(f"{name} {n.assign} {name} - {n.rate} {slope}{every}")


#: With more parameters than this one line stands for all updates.
MOST_UPDATES = 4
#: With more parameters than this a list of all of them helps nobody.
MOST_WEIGHTS = 40


def every_weight(post: Post, derivations: Sequence[Derivation]) -> None:
    """∂C/∂w for each parameter on its own, where sizes are numbers and the network is small."""
    system = post.system
    open_sizes = [v for v in system.with_role(Role.SIZE) if v.name not in system.sizes]
    if open_sizes or looks_up_data(system):
        return
    order = [adjoint_name(system.loss, v.name) for v in system.with_role(Role.PARAMETER)]
    if sum(count(system[name], system) for name in order) > MOST_WEIGHTS:
        return
    post.heading("every weight")
    found = legible(simplified(derivations), order)
    for (family, index), value in sorted(found.items(), key=lambda f: order.index(f[0][0])):
        left = system[family][tuple(map(sp.Integer, index))]
        writer = Writer(system, post.notation)
        post.claims.append((left, value, (), None))
        post.equation(writer.write(left), writer.terms(value))
