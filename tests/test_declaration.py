"""Declarations are read in every place where they may stand; what is wrong in one is said."""

from __future__ import annotations

import json

import pytest

from symbp.documents import read_text
from symbp.documents.declaration import KEYS
from symbp.documents.region import Declaration, Problem, Region

EQUATIONS = {"network": ("mlp",), "equations": (r"z = W x", r"a = \sigma(z)")}

MARKDOWN = {
    "lines": ("<!-- symbp\nnetwork: mlp\nequations:\n  z = W x\n  a = \\sigma(z)\n-->", EQUATIONS),
    "a margin": (
        "<!-- symbp\n    network: mlp\n\n    equations:\n      z = W x\n\ta = \\sigma(z)\n-->",
        EQUATIONS,
    ),
    "a quote": (
        "> <!-- symbp\n> network: mlp\n> equations:\n>   z = W x\n>   a = \\sigma(z)\n> -->",
        EQUATIONS,
    ),
    "a repeated key": (
        "<!-- symbp\nequations: z = W x\nnetwork: mlp\nequations: a = \\sigma(z)\n-->",
        EQUATIONS,
    ),
    "one line": ("<!-- symbp loss: hinge; batch: m -->", {"loss": ("hinge",), "batch": ("m",)}),
    "one line with a colon": (
        "<!-- symbp: loss: hinge; skip -->",
        {"loss": ("hinge",), "skip": ()},
    ),
    "a semicolon of LaTeX": (
        r"<!-- symbp define: a\; b; loss: hinge -->",
        {"define": (r"a\; b",), "loss": ("hinge",)},
    ),
    "skip": ("<!-- symbp: skip -->", {"skip": ()}),
    "first line and more": (
        "<!-- symbp network: mlp\n           loss: hinge -->",
        {"network": ("mlp",), "loss": ("hinge",)},
    ),
    "values under the first line": (
        "<!-- symbp equations:\nz = W x\na = \\sigma(z)\n-->",
        {"equations": EQUATIONS["equations"]},
    ),
    "a colon in a value": ("<!-- symbp define: h: hidden -->", {"define": ("h: hidden",)}),
    "YAML": (
        "---\ntitle: x\nsymbp:\n  network: mlp\n  equations:\n    z = W x\n    a = \\sigma(z)\n"
        "draft: true\n---\n",
        EQUATIONS,
    ),
    "YAML in one line": ("---\nsymbp: skip\n---\n", {"skip": ()}),
    "YAML's block": ("---\nsymbp: |\n  loss: hinge\n---\n", {"loss": ("hinge",)}),
    "TOML": (
        "+++\ntitle = 'x'\nsymbp = '''\nnetwork: mlp\nequations:\n  z = W x\n  a = \\sigma(z)\n"
        "'''\n+++\n",
        EQUATIONS,
    ),
}

TEX = {
    "lines": (
        "% symbp\n% network: mlp\n% equations:\n%   z = W x\n%   a = \\sigma(z)\nText % no: more",
        EQUATIONS,
    ),
    "one line": ("% symbp: loss: hinge\n% a note: of the author", {"loss": ("hinge",)}),
    "skip": ("  %% symbp: skip", {"skip": ()}),
}

NONE = [
    "<!-- symbp fill mlp -->\n<!-- symbp end -->",
    "<!-- symbp-like: x -->",
    "<!-- a note: of the author -->",
    "```\n<!-- symbp: skip -->\n```",
    "`<!-- symbp: skip -->`",
    "<!-- symbp: skip",
    "---\ntitle: symbp\nmysymbp: skip\n---\n",
]


def declared(text: str, kind: str = "markdown") -> list[Declaration]:
    parts = read_text(text, "x", kind).parts  # type: ignore[arg-type]
    assert not [part for part in parts if isinstance(part, Problem)]
    return [part for part in parts if isinstance(part, Declaration)]


@pytest.mark.parametrize(("text", "entries"), MARKDOWN.values(), ids=MARKDOWN)
def test_declarations_in_markdown(text, entries):
    (found,) = declared(text)
    assert dict(found.entries) == entries


@pytest.mark.parametrize(("text", "entries"), TEX.values(), ids=TEX)
def test_declarations_in_tex(text, entries):
    (found,) = declared(text, "tex")
    assert dict(found.entries) == entries


def test_declarations_in_notebooks():
    cells = [{"cell_type": "markdown", "source": ["<!-- symbp\n", "loss: hinge -->"]}]
    text = json.dumps({"cells": cells})
    (found,) = declared(text, "notebook")
    assert dict(found.entries) == {"loss": ("hinge",)}
    assert (found.line, found.column) == (1, text.index("<!--") + 1)


@pytest.mark.parametrize("text", NONE)
def test_what_is_no_declaration(text):
    assert declared(text) == []


def test_several_lines_of_tex_are_several_declarations():
    found = declared("% symbp: loss: hinge\n% symbp: batch: m\n", "tex")
    assert [dict(part.entries) for part in found] == [{"loss": ("hinge",)}, {"batch": ("m",)}]


def test_a_declaration_stands_between_the_formulas():
    parts = read_text("$a$\n\n<!-- symbp: skip -->\n\n$b$", "x", "markdown").parts
    assert [type(part) for part in parts] == [Region, Declaration, Region]
    assert [(part.line, part.column) for part in parts] == [(1, 2), (3, 1), (5, 2)]


@pytest.mark.parametrize("key", KEYS)
def test_every_key_is_known(key):
    (found,) = declared(f"<!-- symbp {key}: x -->")
    assert dict(found.entries) == {key: ("x",)}


NEAR = "unknown key 'netwrk': did you mean 'network'? (known: "
WRONG = [
    ("<!-- symbp\nnetwrk: mlp\nloss: hinge\n-->", (2, 1, NEAR)),
    ("<!-- symbp loss: hinge; netwrk: mlp -->", (1, 25, NEAR)),
    ("> <!-- symbp\n>   netwrk:\n>     mlp\n> -->", (2, 5, NEAR)),
    ("---\nsymbp:\n  loss: hinge\n  netwrk: mlp\n---\n", (4, 3, NEAR)),
    ("<!-- symbp\nz = W x\n-->", (2, 1, "'z = W x' is no declaration: expected lines")),
    ("<!-- symbp -->", (1, 1, "an empty declaration: expected lines")),
    ("<!-- symbp\nskipp -->", (2, 1, "unknown key 'skipp': did you mean 'skip'?")),
]


@pytest.mark.parametrize(("text", "problem"), WRONG)
def test_what_is_wrong_is_said_and_the_rest_is_read(text, problem):
    parts = read_text(text + "\n\n$a$", "x", "markdown").parts
    (found,) = [part for part in parts if isinstance(part, Problem)]
    assert (found.line, found.column) == problem[:2]
    assert found.message.startswith(problem[2])
    assert isinstance(parts[-1], Region)
    declarations = [part for part in parts if isinstance(part, Declaration)]
    assert [dict(part.entries) for part in declarations] == (
        [{"loss": ("hinge",)}] if "loss" in text else []
    )


def test_what_is_wrong_in_tex():
    (found,) = read_text("Text\n% symbp: netwrk: mlp\n", "x", "tex").parts
    assert isinstance(found, Problem)
    assert (found.line, found.column) == (2, 10)
