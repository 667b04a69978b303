"""What a document leaves unsaid of its network: the cost, functions, what an index counts.

Guarantees: of a cost or a function that is not given, only what holds for every one is proved.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Sequence

from symbp.documents.own.definitions import Definition
from symbp.documents.own.first_look import LOSS_LETTERS
from symbp.reading.grammar.marks import PAIRS, Mark, marks
from symbp.reading.grammar.parser import FUNCTION_WORDS
from symbp.reading.grammar.syntax import BigSum, Call, Name, form, walk

#: Letters of what a loss compares the output with.
TARGETS = {"y", "t", "Y", "T", "r", "d"}
#: Letters of layers, which stand for the last one where the cost depends on them.
LAYERS = ("l", r"\ell")
_MEAN = re.compile(
    r"\\d?frac\s*\{\s*-?1\s*\}\s*\{\s*\d*\s*([mnN])\s*\}\s*\\sum(?:\\limits)?\s*"
    r"_\s*\{\s*([a-z])\s*=\s*[01]\s*\}\s*\^\s*\{?\s*\1\s*\}?"
)


def costs(equations: Sequence[Definition], missing: Collection[str]) -> list[str]:
    """C = any(a^L): costs that are differentiated and not given; L^t = any(o^t) inside a sum."""
    ends = _ends(equations)
    found = [text for d in equations for text in _parts(d, equations, ends)]
    used = {n.base for d in equations for n in walk(d.right) if isinstance(n, Name)}
    for cost in missing:
        if cost not in used and (terms := [_last(d) for d in ends]):
            whole = [t for t, letter in terms if not letter]
            sums = [rf"\sum_{letter} any({t})" for t, letter in terms if letter]
            inner = [f"any({', '.join(dict.fromkeys(whole))})"] if whole else []
            found.append(f"{cost} = {' + '.join([*inner, *dict.fromkeys(sums)])}")
    return found


def costs_of_steps(equations: Sequence[Definition], base: str) -> list[str]:
    """E_t = any(o_t): the cost of each step, where none is given."""
    terms = [d.text.split("=", 1)[0].strip() for d in _ends(equations) if _timed(d.left)]
    if not terms:
        return []
    scripts = re.search(r"[_^]", terms[0])
    marks_of_step = terms[0][scripts.start() :] if scripts else ""
    return [f"{base}{marks_of_step} = any({', '.join(dict.fromkeys(terms))})"]


def _timed(n: Name) -> bool:
    return _letter(n) in ("t", r"\tau")


def _ends(equations: Sequence[Definition]) -> list[Definition]:
    """The quantities that nothing else needs; else those that functions are applied to."""
    quantities = [d for d in equations if d.left.base not in LOSS_LETTERS]
    used = {
        n.base
        for d in quantities
        for n in walk(d.right)
        if isinstance(n, Name) and form(n) != form(d.left)
    }
    ends = [d for d in quantities if d.left.base not in used]
    return ends or [d for d in quantities if isinstance(d.right, Call)]


def _parts(
    d: Definition, equations: Sequence[Definition], ends: Sequence[Definition]
) -> Iterator[str]:
    """L^t = any(o^t) for the costs of single steps or samples that d sums, where none is given."""
    if d.left.base not in LOSS_LETTERS:
        return
    defined = {e.left.base for e in equations if e.marked or e.left.sub}
    right = d.text.split("=", 1)[1]
    for n in walk(d.right):
        if isinstance(n, Name) and n.base in LOSS_LETTERS and (n.sub or n.sup):
            written = re.search(
                rf"(?<![A-Za-z\\]){re.escape(n.base)}\s*[_^]\s*(\{{[^}}]*\}}|\S)", right
            )
            letter = _letter(n)
            inner = [
                e.text.split("=", 1)[0].strip()
                for e in ends
                if letter and letter == _letter(e.left)
            ]
            if n.base not in defined and written and inner:
                yield f"{written.group()} = any({', '.join(dict.fromkeys(inner))})"
                return


def _letter(n: Name) -> str:
    """The letter of the step or sample of a name: t of o^{(t)}."""
    texts = [t.text for m in (*marks(n.sup), *marks(n.sub)) for t in m.tokens if t.kind == "name"]
    bracketed = [t.text for m in marks(n.sup) if m.bracket for t in m.tokens if t.kind == "name"]
    return next((t for t in texts if t in ("t", r"\tau")), next(iter(bracketed), ""))


def _last(d: Definition) -> tuple[str, str]:
    """A quantity at its last layer, a^L for a^l; or with the letter to sum over: o_t, t."""
    text = d.text.split("=", 1)[0].strip()
    letter = _letter(d.left)
    if letter and letter not in LAYERS and not letter.isupper():
        return re.sub(rf"(?<![A-Za-z\\]){re.escape(letter)}\s*\+\s*1", letter, text), letter
    return re.sub(r"(?<![A-Za-z\\])(l|\\ell)(\s*\+\s*1)?(?![A-Za-z])", "L", text), ""


def unspecified(equations: Sequence[Definition]) -> dict[str, str]:
    """The functions of which nothing is said: l in L = l(o, y)."""
    defined = {d.left.base for d in equations}
    calls = {
        n.function.base
        for d in equations
        for n in walk(d.right)
        if isinstance(n, Call) and not n.function.sub and not n.function.primes
    }
    known = {*FUNCTION_WORDS, r"\sigma", "f", "g", r"\phi", r"\psi"}
    return dict.fromkeys(sorted(calls - defined - known), "any")


def sample_letters(equations: Sequence[Definition]) -> Iterator[str]:
    r"""The letters that count samples: i in \frac{1}{m} \sum_{i=1}^m (h(x_i) - y_i)^2."""
    for d in equations:
        if d.left.base in LOSS_LETTERS and (mean := _MEAN.search(d.text)):
            letter = mean.group(2)
            below = [
                t.text
                for big in walk(d.right)
                if isinstance(big, BigSum)
                for n in walk(big.body)
                if isinstance(n, Name)
                for m in marks(n.sub)
                for t in m.tokens
            ]
            if letter in below:
                yield letter


def errors(equations: Sequence[Definition], cost: str, letters: Collection[str]) -> list[str]:
    r"""\delta^l = \partial C/\partial z^l for error terms that nothing defines.

    z is what the activation is applied to.
    """
    found: dict[str, None] = {}
    for d in equations:
        z = d.right.arguments[0] if isinstance(d.right, Call) and d.right.arguments else None
        if isinstance(z, Name) and z.base not in LOSS_LETTERS and d.left.base not in LOSS_LETTERS:
            scripts = "".join(
                f"{side}{{{''.join(_plain(m) for m in marks(own))}}}"
                for side, own in (("_", z.sub), ("^", z.sup))
                if own
            )
            for letter in letters:
                error = f"{letter}{scripts}"
                found[rf"{error} = \frac{{\partial {cost}}}{{\partial {z.base}{scripts}}}"] = None
    return list(found)


def _plain(m: Mark) -> str:
    """A mark as it is written, without what is added to its letter: (l) for (l+1)."""
    text = re.sub(r"(?<=[a-z])[+]1$", "", m.text)
    return f"{m.bracket}{text}{PAIRS[m.bracket]}" if m.bracket else text


def mean(line: str) -> str | None:
    r"""J = \frac{1}{m} \sum_i any(a^{[L](i)}) for J = any(a^{[L]}): a cost for each sample."""
    match = re.fullmatch(r"(.*) = any\(([^,]*)\)", line)
    if match is None or r"\sum" in line:
        return None
    cost, inner = match.groups()
    name, _, above = inner.partition("^")
    above = above.strip().removeprefix("{").removesuffix("}")
    if above and not above.endswith(("]", ")")):
        return None
    return rf"{cost} = \frac{{1}}{{m}} \sum_{{i=1}}^{{m}} any({name}^{{{above}(i)}})"


def usual_losses(d: Definition) -> Iterator[str]:
    r"""The half squared error and the cross-entropy of what a loss compares: a^L and y."""
    names = [n for n in walk(d.right) if isinstance(n, Name) and n.base not in LOSS_LETTERS]
    targets = {n.base for n in names if n.base in TARGETS}
    outputs = [n for n in names if n.base not in TARGETS and n.base not in FUNCTION_WORDS]
    if len(targets) != 1 or not outputs:
        return
    (y,) = targets
    out = outputs[0]
    above = "".join(_plain(m) for m in marks(out.sup) if not m.is_transpose)
    a = out.base + (f"^{{{above}}}" if above else "")
    left = d.text.partition(" = ")[0]
    yield rf"{left} = \frac{{1}}{{2}} \|{a} - {y}\|^2"
    entry = f"{out.base}_k" + (f"^{{{above}}}" if above else "")
    yield rf"{left} = -\sum_k ({y}_k \log {entry} + (1 - {y}_k) \log (1 - {entry}))"
