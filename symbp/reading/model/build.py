"""From parsed equations to a System: first the sizes are learned, then they are read for good."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import sympy as sp
from sympy import Expr, Symbol

from symbp.errors import DefinitionError, ReadingError, at
from symbp.reading.declared import Declared
from symbp.reading.elaborate import Elaborator
from symbp.reading.grammar.lexer import tokens
from symbp.reading.grammar.marks import text_of
from symbp.reading.grammar.syntax import BigSum, Call, Name, Sum, walk
from symbp.reading.lexicon import Lexicon
from symbp.reading.model import labels
from symbp.reading.model.extents import agreed, learn_bounds, learn_reaches
from symbp.reading.model.families import Family
from symbp.reading.model.misread import authors_letters, check_applied, check_indices
from symbp.reading.model.naming import Namer
from symbp.reading.model.quantities import (
    ARRAY_KINDS,
    INPUTS,
    TARGETS,
    Quantities,
    axes_of,
)
from symbp.reading.model.small import small_sizes
from symbp.reading.model.source import DEPTH, STEPS, Written
from symbp.reading.model.words import Frame, Words
from symbp.reading.pooling import Pooled
from symbp.reading.products import aligned, turned
from symbp.reading.ranges import Ranges
from symbp.reading.scope import Scope, Unifier
from symbp.reading.sizes import Exact, Learner, axis_size
from symbp.reading.typed import ShapeError, Typed
from symbp.system import Equation, Kind, Range, Role, Slot, System, Variable
from symbp.system.equation import family_of
from symbp.system.indices import substitute

UNIT_SYMBOLS = [Symbol(c, integer=True) for c in "jkpqrsiuvcdefgh"]
LAYER, TIME, SAMPLE, SAMPLES = (Symbol(c, integer=True) for c in "ltim")


class Builder:
    """Makes the System and the lexicon of a declaration's equations, labels as `data` or as 1."""

    def __init__(self, given: Declared, evidence: Mapping[str, int], data: bool = False) -> None:
        self.labelled = data
        self.source, self.quantities = labels.with_labels(given, evidence)
        self.words = Words(self.source, self.quantities)
        self.namer: Namer | None = None
        self.bounds: list[tuple[str, Expr]] = []
        """Of all sums that were read: what stands above, and over which size they run."""
        self.pooled: list[Pooled] = []
        """The equations that pool an image."""
        self.kernels: dict[str, bool] = {}
        """What slides over images, and whether it stands first there."""
        self.beside = False
        """Whether two vectors stand side by side in an equation, where only ⊙ has a meaning."""

    def _variables(self, ranges: Ranges | None, settle: Learner) -> tuple[Variable, ...]:
        """The families with their slots: layer, time, units, sample."""
        result = []
        letters = [s for s in UNIT_SYMBOLS if s.name not in self.quantities.families]
        for key, f in self.quantities.families.items():
            slots: list[Slot] = []
            layered = Kind.LAYER in f.kinds
            for kind, symbol, last in ((Kind.LAYER, LAYER, DEPTH), (Kind.TIME, TIME, STEPS)):
                if kind in f.kinds:
                    lower, upper = ranges.of(key, kind) if ranges else (sp.S.Zero, last)
                    slots.append(Slot(Range(symbol, lower, upper), kind))
            units = self._unit_kinds(f, self.quantities.ranks.get(key, 0))
            for number, kind in enumerate(units):
                size = settle.settled(axis_size(key, number, LAYER if layered else None))
                slots.append(Slot(Range(letters[number], sp.S.One, size), kind))
            if f.samples:
                slots.append(Slot(Range(SAMPLE, sp.S.One, SAMPLES), Kind.SAMPLE))
            result.append(Variable(key, tuple(slots), self._role(key)))
        return tuple(result)

    @staticmethod
    def _unit_kinds(f: Family, rank: int) -> list[Kind]:
        own = [k for k in f.kinds if k in ARRAY_KINDS]
        return [*own, *[Kind.UNIT] * (rank - len(own))][: max(rank, len(own))]

    def _role(self, key: str) -> Role:
        defined = {
            self.quantities.key(e.left, self.quantities.families) for e in self.source.equations
        }
        if key in defined:
            return Role.INTERMEDIATE
        base = self.quantities.families[key].base
        if base in TARGETS and base not in self.source.rooted:
            return Role.TARGET
        return (
            Role.INPUT
            if base in INPUTS or self.quantities.families[key].samples
            else Role.PARAMETER
        )

    def lexicon(self) -> Lexicon:
        """Learn which sizes are equal, then build the System and its words."""
        self._check_signs()
        learner = Learner(bool(self.source.convolutions or self.source.poolings))
        draft = self._draft(self._variables(None, learner), learner)
        learned = [self._elaborated(draft, e, learner) for e in self.source.equations]
        self._declared_sizes(learner)
        learn_bounds(learner, draft.sizes, self.bounds)
        learn_reaches(learner, draft.system.by_name, learned)
        learner.solve()
        ranges = Ranges(learned, draft.system, self.source.first_layer())
        return self._final(learner, ranges)

    def _check_signs(self) -> None:
        """Refuse a sign that may slide one array over another. Raises `ReadingError`."""
        for x in self.quantities.sliding():
            how = f"functions: {x.sign} cross-correlation"
            roles = [self._role(k) for k in (x.first, x.second)]
            with at(f"equation {x.equation}"):
                if x.declared:
                    raise ReadingError(
                        f"{x.sign} between arrays of unlike shapes slides the one over the other, "
                        f"as it is or turned (say: {how})"
                    )
                if x.rank == 2 and Role.PARAMETER in roles:
                    a, b = x.first, x.second
                    raise ReadingError(
                        f"{a} {x.sign} {b} may be a matrix product, one entry by entry, or a "
                        f"convolution (say: {how}, or the shapes of {a} and {b})"
                    )

    def _draft(self, variables: Sequence[Variable], learner: Learner) -> Lexicon:
        frame = Frame(tuple(variables))
        return Lexicon(
            frame,  # type: ignore[arg-type]
            tuple(self.words.words(frame)),
            functions=self.source.all_functions(),
            convolutions=self.source.convolutions,
            poolings=self.source.poolings,
            softmaxes=frozenset(
                k for k, v in self.source.given.functions.items() if v == "softmax"
            ),
            indices=self.source.indices,
            sizes=self._sizes(),
            constants=frozenset(self.source.given.constants),
            conditions=tuple(tokens(w) for w in self.source.given.where),
            samples=self.source.given.samples,
            fixed=self.source.given.fixed,
            labelled=self.labelled,
            groups={k: tokens(v) for k, v in self.source.given.groups.items()},
            kroneckers=frozenset(
                k for k, v in self.source.given.functions.items() if v == "kronecker"
            ),
            assumes_totals=self.source.given.assumes_totals,
            implied=self.source.given.summation == "implied",
            rows=self.source.given.layout == "rows",
            row_vectors=self.quantities.row_vectors,
            entrywise=self.source.given.products == "elementwise",
            called=self.source.vocabulary.called,
            names=self.source.vocabulary.words,
            case=self.source.given.case,
            first_step=sp.S.One,
        )

    def _sizes(self) -> dict[str, Expr]:
        sizes: dict[str, Expr] = dict(self.source.depths)
        letters, plain = self.source.size_letters, set()
        for n in self.source.nodes:
            if isinstance(n, BigSum) and n.below and n.above:
                text = text_of(n.above)
                if text in letters and self.source.over_samples(n, n.below[0].text):
                    sizes[text] = SAMPLES
                plain.add(text)
        shaped = {s for shape in self.source.given.shapes.values() for s in shape}
        for text in letters - set(sizes):
            own = text in shaped or text in plain
            sizes[text] = Symbol(f"{text}·", integer=True) if own else SAMPLES
        return {
            k: self.namer.named(self._learned(v)) if self.namer else v for k, v in sizes.items()
        }

    def _learned(self, size: Expr) -> Expr:
        """A size by its class."""
        return self.namer.learner.settled(size) if self.namer else size

    def _elaborated(self, lexicon: Lexicon, e: Written, unifier: Unifier) -> Equation:
        """One equation in index form."""
        with at(f"equation {e.text}"):
            check_indices(e.left, e.right, self.quantities.family)
            scope = Scope(unifier, defining=True)
            scope.entrywise = lexicon.entrywise
            reader = Elaborator(lexicon, scope)
            left = reader.read(e.left)
            samples = [x for x in left.expr.free_symbols if scope.kinds.get(x) is Kind.SAMPLE]
            if samples and not any(a.symbol in samples for a in left.axes):
                scope.sample = samples[0]
            check_applied(reader, e.right)
            right = self._fitted(scope, left, reader.read(e.right))
            self.beside = self.beside or scope.beside == "columns"
            self.bounds += [(b, scope.settled(size)) for b, size in scope.bounds]
            self.kernels |= dict(scope.kernels)
            name = e.right.function.base if isinstance(e.right, Call) else ""
            if name in self.source.poolings and len(scope.pools) == 1:
                family = str(family_of(left.expr))
                self.pooled.append(Pooled(family, name, left, scope.pools[0]))
            return equation_of(lexicon, scope, left, right)

    @staticmethod
    def _fitted(scope: Scope, left: Typed, right: Typed) -> Typed:
        if right.is_scalar and not left.is_scalar and right.constant:
            return right
        found = aligned(scope, left, right)
        if found is None and right.is_vector and left.is_vector:
            found = aligned(scope, left, turned(right))
        if found is None:
            raise ShapeError(f"the left is {scope.met(left, right, ', the right ')}")
        return found

    def _declared_sizes(self, learner: Learner) -> None:
        """Sizes that are written with one letter are equal; a number is itself."""
        for key in self.quantities.families:
            shape = axes_of(self.quantities.shape_of(key) or ())
            layered = Kind.LAYER in self.quantities.families[key].kinds
            for number, text in enumerate(shape):
                if layered or not text or number >= self.quantities.ranks.get(key, 0):
                    continue
                size = sp.Integer(int(text)) if text.isdigit() else Symbol(f"{text}·", integer=True)
                learner.equal(axis_size(key, number, None), size)

    def _final(self, learner: Learner, ranges: Ranges) -> Lexicon:
        namer = self.namer = Namer(learner)
        namer.numbered_by(self._variables(ranges, learner))
        namer.fixed_sizes = list(self.source.given.sizes.values())
        variables = tuple(
            replace(
                v,
                slots=tuple(
                    Slot(
                        Range(s.range.symbol, s.range.lower, namer.named(s.range.upper))
                        if s.kind in ARRAY_KINDS
                        else s.range,
                        s.kind,
                    )
                    for s in v.slots
                ),
            )
            for v in self._variables(ranges, learner)
        )
        lexicon = self._draft(variables, learner)
        self.bounds, self.pooled = [], []
        equations = [self._elaborated(lexicon, e, Exact()) for e in self.source.equations]
        equations, variables = ranges.completed(equations, variables)
        if self.labelled:
            sample = Slot(Range(SAMPLE, sp.S.One, SAMPLES), Kind.SAMPLE)
            variables += labels.targets(self.source.given.fixed, equations, sample)
        variables = labels.ranged(variables, self.source.given.within)
        constants = tuple(
            Variable(c, role=Role.HYPERPARAMETER)
            for c in sorted({*self.source.given.constants, *lexicon.rates, "\\lambda"})
            if c not in self.quantities.families
        )
        sizes = namer.variables(ranges)
        loss, variables, equations = self._loss(variables, equations)
        variables = tuple(replace(v, role=Role.LOSS) if v.name == loss else v for v in variables)
        everything = (*sizes, *variables, *constants)
        with authors_letters():
            system = System(everything, tuple(equations), loss, self._bound(sizes))
        return replace(
            lexicon,
            system=system,
            small=self._small(system),
            loss=loss,
            pooled=tuple(self.pooled),
            kernels={k: v for k, v in self.kernels.items() if k in self.quantities.families},
            sample_loss=_sample_loss(system, loss),
            bounds=agreed(self.bounds),
            entrywise=lexicon.entrywise or self.beside,
            constants=frozenset(v.name for v in constants) | lexicon.constants,
            abbreviations=tuple(self.words.abbreviations()),
            open_biases=_open_biases(self.quantities),
            operators=tuple(self.source.operators),
            derivatives=self.source.derivatives,
        )

    def _small(self, system: System) -> dict[str, int]:
        """The sizes at which claims are judged, where a general choice would be too large."""
        if not (self.kernels or self.source.poolings):
            return {}
        fixed = {n: s for n, s in system.sizes.items() if isinstance(s, int)}
        return small_sizes(system.variables, self.kernels, fixed)

    def _bound(self, sizes: Sequence[Variable]) -> dict[str, int]:
        names = {v.name for v in sizes}
        bound = {}
        for name, number in self.source.given.sizes.items():
            symbol = self.source.depths.get(name, Symbol(name, integer=True)).name
            if symbol in names:
                bound[symbol] = number
        return bound

    def _loss(
        self, variables: tuple[Variable, ...], equations: list[Equation]
    ) -> tuple[str, tuple[Variable, ...], list[Equation]]:
        defined = [e.family for e in equations]
        wanted = self.source.given.loss
        if wanted and wanted not in {v.name for v in variables}:
            keys = [f.key for f in self.quantities.families.values() if f.base == wanted]
            wanted = next((k for k in keys if k in defined), wanted)
        candidates = [wanted] if wanted else []
        used = {
            str(a.base.label.name if isinstance(a, sp.Indexed) else a.name)
            for e in equations
            for a in e.rhs.atoms(sp.Indexed, Symbol)
        }
        by_name = {v.name: v for v in variables}
        candidates += [n for n in defined if not by_name[n].slots and n not in used]
        candidates += [
            n
            for n in defined
            if [s.kind for s in by_name[n].slots] == [Kind.SAMPLE] and n not in used
        ]
        candidates += [n for n in defined if not by_name[n].slots]
        candidates += [n for n in reversed(defined) if n not in used]
        candidates += list(reversed(defined))
        for name in candidates:
            if name in by_name and not by_name[name].slots:
                return name, variables, equations
            if name in by_name:
                total = Variable(f"{name}·total")
                v = by_name[name]
                limits = [(s.symbol, s.range.lower, s.range.upper) for s in reversed(v.slots)]
                rhs = sp.Sum(v[v.own_index], *limits)
                return total.name, (*variables, total), [*equations, Equation(total.name, (), rhs)]
        if wanted:
            raise DefinitionError(f"the loss {wanted} is not defined as one number")
        raise DefinitionError("no equation defines a loss: one number that nothing else needs")


def equation_of(lexicon: Lexicon, scope: Scope, left: Typed, right: Typed) -> Equation:
    """left = right with the indices of the left side named as the family's own slots."""
    entry = left.expr
    name = str(family_of(entry))
    if name not in lexicon.system.by_name:
        raise ReadingError("the left side of an equation must be one quantity")
    variable = lexicon.system[name]
    index: list[Expr] = []
    domain: list[Range] = []
    mapping: dict[Expr, Expr] = {}
    for slot, given in zip(variable.slots, getattr(entry, "indices", ()), strict=True):
        free = [s for s in given.free_symbols if s.name.startswith("#")]
        if not free:
            index.append(given)
            continue
        mapping[free[0]] = sp.expand(slot.symbol - (given - free[0]))
        index.append(slot.symbol)
        domain.append(slot.range)
    rhs = substitute(right.expr, mapping)
    bound = {
        s: Symbol(s.name.replace("#", "") + "'", integer=True)
        for s in rhs.atoms(Symbol)
        if s.name.startswith("#")
    }
    stray = {s.name for s in rhs.free_symbols if s.name.startswith("#")}
    if stray:
        letters = ", ".join(sorted(x.lstrip("#") for x in stray))
        raise ReadingError(f"the index {letters} stands on the right only")
    placed = [r.substitute(dict(zip(variable.own_index, index, strict=True))) for r in domain]
    return Equation(name, tuple(index), rhs.xreplace(bound), tuple(placed))


def _open_biases(quantities: Quantities) -> frozenset[str]:
    """Letters of matrices that only stand beside products in sums: Z = W X + b."""
    alone: set[str] = set()
    others = {e.left.base for e in quantities.source.equations}
    for e in quantities.source.equations:
        sums = [[t for _, t in n.terms] for n in walk(e.right) if isinstance(n, Sum)]
        plain = [t for s in sums for t in s if isinstance(t, Name) and {*map(type, s)} != {Name}]
        for n in (n for n in walk(e.right) if isinstance(n, Name)):
            key = quantities.key(n, quantities.families)
            is_open = quantities.ranks.get(key or "") == 2 and not quantities.shape_of(key or "")
            (alone if n in plain and is_open else others).add(n.base)
    return frozenset(alone - others)


def _sample_loss(system: System, loss: str) -> str:
    """The loss of one sample, where the loss is made of such."""
    for e in system.defining(loss):
        for a in sorted(e.rhs.atoms(sp.Indexed), key=str):
            name = str(a.base.label.name)
            if (
                name in system.by_name
                and [s.kind for s in system[name].slots] == [Kind.SAMPLE]
                and system.defining(name)
            ):
                return name
    return ""
