"""Findings made by hand, one for each thing that a report can say, and the posts that hold them."""

from __future__ import annotations

from collections.abc import Iterator

from symbp.documents.finding import Finding
from symbp.documents.region import Document, Problem, Region
from symbp.judge.verdict import Counterexample, Status, Verdict

PROVED = Verdict(
    Status.PROVED,
    r"\delta^l = ((W^{l+1})^T \delta^{l+1}) \odot \sigma'(z^l)",
    scope="for every width and depth",
)
REFUTED = Verdict(
    Status.REFUTED,
    r"\frac{\partial J}{\partial W^l} = a^{l-1} (\delta^l)^T",
    reason="the sides differ: at n_l=3, n_{l-1}=2 the left is 3×2, the right 2×3",
    repair=r"\delta^l (a^{l-1})^T",
    mistake="transposed",
    conventions=("holds in numerator layout",),
)
FORGOTTEN = Verdict(
    Status.REFUTED,
    r"\delta^L = a^L - y",
    reason="the sides differ",
    repair=r"(a^L - y) \odot \sigma'(z^L)",
    mistake="missing σ'",
    counterexample=Counterexample(
        (("a^L_1", "1/2"), ("y_1", "0"), (r"\sigma'(z^L_1)", "1/4")), "1/8", "1/2", "L = 2, j = 1"
    ),
)
UNDECIDED = Verdict(
    Status.UNDECIDED,
    r"dW = dz * a",
    reason="two readings are open",
    readings=(r"dW = dz \odot a", r"dW = dz\, a"),
)
UNREAD = Verdict(Status.UNREAD, r"\frac{\partial C}{\partial z^l} = \delta^l",
                 reason="no equation defines z^l")  # fmt: skip
LAYOUT = Verdict(
    Status.REFUTED,
    "dW = a dz",
    reason="the sides differ",
    conventions=("holds in numerator layout",),
)
LONG = Verdict(Status.PROVED, " + ".join(f"w_{{{k}}}" for k in range(60)) + " = s",
               scope="at sizes n = 60")  # fmt: skip

#: Everything in it tries to leave its place: in HTML, in a terminal, in an annotation.
EVIL = "</script><img src=x onerror=alert(1)>\"'& \x1b[31m\x07 %0A::error::\r\n::warning::x\u202e"

ALL = (PROVED, REFUTED, FORGOTTEN, UNDECIDED, UNREAD, LAYOUT, LONG)
BY_LATEX = {verdict.latex: verdict for verdict in ALL}

FINDINGS = [
    Finding("posts/post.md", 12, 3, PROVED),
    Finding("posts/post.md", 57, 1, REFUTED),
    Finding("posts/post.md", 60, 1, FORGOTTEN),
    Finding("posts/post.md", 60, 30, UNDECIDED),
    Finding("posts/post.md", 102, 1, LAYOUT),
    Finding("notes.ipynb", 9, 5, UNREAD),
    Finding("notes.ipynb", 14, 5, LONG),
]


def post(*verdicts: Verdict) -> str:
    """A post with the claims, each in a paragraph of its own: on the lines 1, 3, 5, ..."""
    return "\n".join(f"$${verdict.latex}$$\n" for verdict in verdicts)


def made(document: Document) -> Iterator[Finding]:
    """In place of the judge: the verdict above whose formula stands in the document."""
    for part in document.parts:
        if isinstance(part, Problem):
            verdict = Verdict(Status.UNREAD, "", reason=part.message)
            yield Finding(document.name, part.line, part.column, verdict)
        elif isinstance(part, Region) and part.latex in BY_LATEX:
            yield Finding(document.name, part.line, part.column, BY_LATEX[part.latex])
