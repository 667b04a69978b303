"""The pages of derivations/: the index of all networks, and for each family its cookbook.

Of a network: what it is, its forward equations, its gradients, how it was checked, its documents.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from symbp import networks
from symbp.derivation import Derivation, derive, kept
from symbp.latex.lines import lines_of
from symbp.latex.post import Post
from symbp.notation import Notation
from symbp.system import Role, System
from symbp.system.equation import family_of
from tests.derivation_documents import Document, documents

LANGUAGES = {"en": "English", "zh": "中文"}


def table(head: list[str], rows: list[list[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    assert not any("|" in cell for cells in lines for cell in cells), "this ends a cell: \\lvert"
    return "\n".join(f"| {' | '.join(cells)} |" for cells in lines)


def page_file(family: str) -> str:
    """The cookbook of a family, below the folder of derivations."""
    return f"{family}/README.md"


# -- the index ----------------------------------------------------------------------------------


def index() -> str:
    """All networks by family, with links to their derivations."""
    parts = []
    for family, heading in networks.FAMILIES.items():
        own = [d for d in documents() if d.entry.family == family]
        if own:
            rows = [[name(group[0]), group[0].about, links(group, "")] for group in groups(own)]
            parts += [
                f"## [{heading['en']}]({page_file(family)})",
                table(["network", "what it is", "derivation"], rows),
            ]
    return "\n\n".join(parts)


def groups(own: Sequence[Document]) -> list[list[Document]]:
    """The documents of each network, in all languages."""
    found: dict[object, list[Document]] = {}
    for d in own:
        found.setdefault((d.network, d.options, d.notation_name), []).append(d)
    return list(found.values())


def name(document: Document) -> str:
    """`lstm`, or where a network has several documents `mlp` and the notation."""
    several = document.network == "mlp"
    return f"`{document.network}`" + (f", `{document.notation_name}`" if several else "")


def links(group: Sequence[Document], folder: str) -> str:
    return ", ".join(f"[{LANGUAGES[d.language]}]({d.file.removeprefix(folder)})" for d in group)


# -- a family -----------------------------------------------------------------------------------

INTRODUCTION = """\
Forward equations and gradients: as matrices where there is such a form, else by entries.
`symbp derive NAME` prints a derivation, `--lang zh` in Chinese. How all of them are checked:
[the index](../README.md)."""


def page(family: str) -> str:
    """The cookbook of a family."""
    own = [d for d in documents() if d.entry.family == family]
    parts = [f"# {networks.FAMILIES[family]['en']}", INTRODUCTION]
    for group in groups(own):
        parts += section(group)
    return "\n\n".join(parts) + "\n"


def section(group: Sequence[Document]) -> Iterator[str]:
    """A network in a few lines."""
    first = group[0]
    yield f"## {name(first)}" if first.network != "mlp" else f"## {first.about.capitalize()}"
    yield f"{about(first)} Derivation: {links(group, first.entry.family + '/')}."
    yield equations(first.made(), first.notation, derived=first.derivations())
    if first.options:
        yield f"```sh\n{command_of(first)}\n```"
    yield checked(first)


def about(document: Document) -> str:
    entry = document.entry
    notation = f"Notation `{document.notation_name}`: {document.notation.title['en']}."
    if document.network == "mlp":
        return notation
    title = entry.title["en"]
    return f"{title[0].upper()}{title[1:]}. Source: {entry.source}."


def checked(document: Document) -> str:
    """How a network was checked."""
    claims = document.post().claims
    at = ", ".join(f"{k} = {v}" for k, v in document.prover().system.sizes.items())
    conditions = {c for *_, c in claims if c}
    under = "".join(f" Some hold where {c}; the document says which." for c in conditions)
    return f"Checked: {len(claims)} equations of the derivation, each proved at {at}.{under}"


def command_of(document: Document) -> str:
    """The command that prints a document."""
    options = dict(document.options) | {"notation": document.notation_name}
    words = [f"--{name} {option(value)}" for name, value in options.items()]
    language = [] if document.language == "en" else [f"--lang {document.language}"]
    return " ".join(["symbp derive", document.network, *words, *language])


def option(value: object) -> str:
    """An option's value on the command line: a batch is m, a list parted by commas."""
    if isinstance(value, (list, tuple)):
        return ",".join({True: "yes", False: "no"}.get(v, str(v)) for v in value)
    return "m" if value is True else str(value)


# -- equations ----------------------------------------------------------------------------------


def equations(
    system: System,
    notation: Notation,
    wrt: Sequence[str] | None = None,
    first: int = 0,
    derived: Sequence[Derivation] | None = None,
) -> str:
    """The forward pass from equation `first` on, then ∂C/∂u for u in `wrt` (default: all).

    As matrices where there is such a form.
    """
    derivations = derive(system) if derived is None else derived
    post = Post(derivations[0].system, notation, "en")
    lines = [(e.lhs, e.rhs, e.domain) for e in system.equations[first:]]
    lines += [(d.target, d.result, d.domain) for d in results(derivations, wrt)]
    rows = []
    for left, right, domain in lines:
        writer = post.writer(left)
        plain = writer.write(left), writer.terms(right)
        whole = post.matrix_terms(left, right, domain)
        a, terms = whole or plain
        where = post.holds(left, domain, whole=whole is not None)
        if [a] != terms:  # two names for one thing
            *before, last = lines_of(a, terms)
            rows += [*before, last + (f" && {where}" if where else "")]
    body = " \\\\[2pt]\n".join(rows)
    return f"$$\n\\begin{{aligned}}\n{body}\n\\end{{aligned}}\n$$"


def results(derivations: Sequence[Derivation], wrt: Sequence[str] | None) -> list[Derivation]:
    """Those that a reader keeps, parameters last, in the order of `wrt` or of the network."""
    system = derivations[0].system
    if wrt is None:
        learnt = [v.name for v in system.with_role(Role.PARAMETER)]
        named = kept(derivations)
        own = [of(d) for d in derivations if str(family_of(d.target)) in named]
        wrt = list(dict.fromkeys([*(n for n in own if n not in learnt), *learnt]))
    return [d for n in wrt for d in derivations if of(d) == n]


def of(d: Derivation) -> str:
    """The family whose adjoint a derivation is of."""
    return (d.system[str(family_of(d.target))].adjoint_of or ("", ""))[1]
