r"""What single letters are, where their places tell: numbers under roots, parts of names."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Sequence

from symbp.errors import ReadingError
from symbp.reading.grammar.marks import marks
from symbp.reading.grammar.syntax import Fraction, Name, Node, Root
from symbp.reading.model.families import Family


def rooted(nodes: Sequence[Node]) -> set[str]:
    r"""Letters that stand under a root alone and nowhere else: the d of \sqrt{d}, a number."""
    under = Counter(
        n.inner.base for n in nodes if isinstance(n, Root) and isinstance(n.inner, Name)
    )
    used = Counter(n.base for n in nodes if isinstance(n, Name))
    return {letter for letter, count in under.items() if count == used[letter]}


def divisors(nodes: Sequence[Node]) -> set[str]:
    """Letters without marks below fractions, alone or as factors: the m of 1/m and 1/(2m)."""
    below = [n.below for n in nodes if isinstance(n, Fraction)]
    parts = [x for b in below for x in (b, *getattr(b, "factors", ()))]
    return {x.base for x in parts if isinstance(x, Name) and not x.sub and not x.sup}


def named_beside(nodes: Sequence[Node]) -> set[str]:
    """Capitals that are parts of names, as others are in their place: the K of W_Q and W_K.

    Not T and L: W^T and h_T stand beside W^L and h_L.
    """
    at: dict[tuple[str, str], set[str]] = {}
    for n in (n for n in nodes if isinstance(n, Name)):
        for side, scripts in (("^", n.sup), ("_", n.sub)):
            found = [m.text for m in marks(scripts)]
            if len(found) == 1 and len(found[0]) == 1 and found[0].isupper():
                at.setdefault((n.base, side), set()).add(found[0])
    return set().union(*(names for names in at.values() if len(names) > 1)) - {"T", "L"}


def check_names(families: Iterable[Family], named: Collection[tuple[str, str]]) -> None:
    """Refuse u_o beside u_w where w is an index and nothing says what o is."""
    found = list(families)
    for f in found:
        letters = [text for side, text in f.fixed if side == "_" and (f.base, text) not in named]
        if len(letters) == 1 and len(letters[0]) == 1 and letters[0].islower():
            for other in found:
                if other.base == f.base and len(other.below) == 1 and not other.fixed:
                    (o,) = letters
                    raise ReadingError(
                        f"{f.base}_{o} stands beside {f.base} with an index: is {o} the index of "
                        f"one unit (indices: {o} fixed) or a part of the name "
                        f"(names: {f.base}_{o})?"
                    )
