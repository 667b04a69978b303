"""A theorem as a Markdown page: text, derivations, and the formulas that are proved."""

from __future__ import annotations

from collections.abc import Sequence

from symbp import notation
from symbp.derivation.context import Partial
from symbp.judge.equality import Prover
from symbp.latex.lines import equation_of_terms
from symbp.latex.post import Post, write_derivation
from symbp.latex.writer import Writer
from symbp.theorems.sizes import at_all_sizes
from symbp.theorems.theorem import Claim, Part, Theorem

CHECKED = {
    "en": "Checked: {count} equations, each proved in a prime field at the sizes {sizes}; a wrong "
    "one would be found equal with a probability below 2<sup>-100</sup>. {every}",
    "zh": "检验：{count} 个等式，均在素数域中证明，所取尺寸为 {sizes}；"
    "错误的等式被判为相等的概率小于 2<sup>-100</sup>。{every}",
}
#: How many equations hold at all sizes: all, all but those in which a derivative is still to be
#: taken, or only some.
EVERY = {
    "all": {
        "en": "All are proved for every size as well, with letters for the sizes.",
        "zh": "它们对任意尺寸也都已证明，证明时各尺寸用字母表示。",
    },
    "carried out": {
        "en": "{proved} of them, all but those with derivatives that are still to be taken, are "
        "proved for every size as well, with letters for the sizes.",
        "zh": "其中 {proved} 个（除尚待求导的各步外的全部）对任意尺寸也已证明，"
        "证明时各尺寸用字母表示。",
    },
    "some": {
        "en": "{proved} of them are proved for every size as well, with letters for the sizes.",
        "zh": "其中 {proved} 个对任意尺寸也已证明，证明时各尺寸用字母表示。",
    },
}
CONDITIONS = {
    "en": {"the targets add up to one": "Where the targets add up to one:"},
    "zh": {"the targets add up to one": "当各目标值之和为一时："},
}


def page(theorem: Theorem, language: str) -> str:
    """The page of a theorem in a language."""
    blocks = [f"# {theorem.title[language]}", theorem.statement[language]]
    for part in theorem.parts:
        post = Post(part.system, notation.lookup(theorem.notation), language)
        post.blocks.append(part.text[language])
        if part.forward:
            _forward(post, part)
        for d in part.derivations if part.derived else ():
            write_derivation(post, d)
        for claim in part.claims:
            _claim(post, claim)
        blocks += post.blocks
    if theorem.table is not None:
        blocks.append(theorem.table(language))
    blocks.append(_checked(theorem, language))
    return "\n\n".join(blocks) + "\n"


def _forward(post: Post, part: Part) -> None:
    for e in part.network.equations:
        writer = post.writer(e.lhs)
        where = writer.domain(e.lhs, e.domain)
        post.equation(writer.write(e.lhs), writer.terms(e.rhs), where)


def _claim(post: Post, claim: Claim) -> None:
    writer = Writer(post.system, post.notation)
    where = writer.ranges(claim.domain)
    if claim.said:
        post.blocks.append(claim.said[post.language])
    if claim.condition:
        post.blocks.append(CONDITIONS[post.language][claim.condition])
    after = rf" \qquad {where}" if where else ""
    left, terms = writer.write(claim.left), writer.terms(claim.right)
    if claim.differ:
        post.formula(rf"{left} \ne {' '.join(terms)}{after}")
    else:
        post.formula(equation_of_terms(left, terms, after))


def _checked(theorem: Theorem, language: str) -> str:
    """How many equations were proved, and at which sizes."""
    count = sum(1 for part in theorem.parts for c in part.all_claims() if not c.differ)
    sizes = list(dict.fromkeys(_sizes(part) for part in theorem.parts if _sizes(part)))
    joined = ("; " if language == "en" else "；").join(sizes)
    return CHECKED[language].format(count=count, sizes=joined, every=_every(theorem, language))


def _every(theorem: Theorem, language: str) -> str:
    """How many of the equations were proved for every size."""
    equations = [c for part in theorem.parts for c in part.all_claims() if not c.differ]
    open_ones = sum(c.left.has(Partial) or c.right.has(Partial) for c in equations)
    proved = sum(1 for part in theorem.parts for _ in at_all_sizes(part))
    missing = len(equations) - proved
    which = "all" if not missing else "carried out" if missing == open_ones else "some"
    return EVERY[which][language].format(proved=proved)


def _sizes(part: Part) -> str:
    found = Prover(part.system).system.sizes
    return ", ".join(f"{name} = {size}" for name, size in found.items())


def index(theorems: Sequence[Theorem], language: str, folder: str = "") -> str:
    """A list of links to the pages."""
    return "\n".join(
        f"- [{t.title[language]}]({folder}{file_name(t, language)})"
        + (f" ([中文]({folder}{file_name(t, 'zh')}))" if language == "en" else "")
        for t in theorems
    )


def file_name(theorem: Theorem, language: str) -> str:
    """NAME.md, NAME.zh.md"""
    return f"{theorem.name}.md" if language == "en" else f"{theorem.name}.{language}.md"
