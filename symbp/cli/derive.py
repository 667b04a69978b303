"""The commands about networks: derive, verify, code, notations, demo."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from contextlib import nullcontext
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Annotated, Any

import typer

from symbp import networks, notation
from symbp.cli.output import Output, emit, one_of
from symbp.demo import demo, summary
from symbp.derivation import derive as derivations
from symbp.documents.equations import read_equations
from symbp.errors import UnknownNameError, ValueRangeError, at, unknown
from symbp.latex.phrases import LANGUAGES
from symbp.latex.post import Post, write_post
from symbp.latex.weight import number, one_weight, read_parameter
from symbp.network import slope_of_cost, value_of
from symbp.networks.entry import Entry
from symbp.networks.options import from_words
from symbp.numbers.codegen import numpy_source
from symbp.numbers.sampling import check_domain
from symbp.system import Role, System
from symbp.system.instantiate import unspecified_functions, with_functions
from symbp.verify import verify
from symbp.verify.case import STAND_INS

Name = Annotated[str | None, typer.Argument(metavar="[NETWORK]", help="One of `symbp networks`.")]
Equations = Annotated[
    Path | None,
    typer.Option("--equations", help="A file of forward equations in LaTeX, for NETWORK."),
]
Sizes = Annotated[
    str | None, typer.Option(help="Units of each layer: 784,30,10; or by name: T=8,n=3.")
]
Activation = Annotated[
    str | None, typer.Option(help="One for all layers, or one for each: relu,softmax.")
]
Loss = Annotated[str | None, typer.Option(help="half-squared-error, cross-entropy, ...")]
Batch = Annotated[str | None, typer.Option(help="Add a sample index: m (a symbol) or a number.")]
Reduction = Annotated[str | None, typer.Option(help="mean or sum over the samples.")]
Bias = Annotated[str | None, typer.Option(help="yes or no, for all layers or each: yes,yes,no.")]
L1 = Annotated[str | None, typer.Option(help="Penalty on |w|: lambda, lambda/2, lambda/2m.")]
L2 = Annotated[str | None, typer.Option(help="Penalty on w²: lambda, lambda/2, lambda/2m.")]
Set = Annotated[
    list[str] | None,
    typer.Option("--set", help="A further option, NAME=VALUE, as `symbp networks NAME` lists."),
]
NotationName = Annotated[
    str | None, typer.Option("--notation", help="One of `symbp notations`; pinard for an mlp.")
]


def build(
    name: str | None, equations: Path | None, more: list[str] | None, **words: str | None
) -> System:
    """The network that the options of a command describe."""
    if (name is None) == (equations is None):
        raise UnknownNameError("name one network (see `symbp networks`), or give --equations FILE")
    given = {option: text for option, text in words.items() if text is not None}
    for each in (part for item in more or [] for part in SETTINGS.split(item)):
        option, equals, text = each.partition("=")
        if not equals:
            raise ValueRangeError(f"--set: {each!r} is not of the form NAME=VALUE")
        given[option.strip()] = text
    if equations is not None:
        for option in given.keys() - {"sizes"}:
            raise UnknownNameError(f"--{option} is of networks of the library: {equations} says it")
        own = Entry(str(equations), "own", TITLE, partial(read_equations, equations))
        return replace(from_words(own, given, "--"), origin=None)
    return from_words(networks.lookup(str(name)), given, "--")


#: Between settings that are given at once: stride=2,padding=1.
SETTINGS = re.compile(r",(?=\s*\w+=)")
#: What a network of one's own is called.
TITLE = {"en": "a network", "zh": "网络"}


def derive(
    network: Name = None,
    equations: Equations = None,
    sizes: Sizes = None,
    activation: Activation = None,
    loss: Loss = None,
    notation_name: NotationName = None,
    lang: Annotated[str, typer.Option(help="en or zh.")] = "en",
    form: Annotated[str, typer.Option(help="full (every step) or short (results).")] = "full",
    wrt: Annotated[
        str | None, typer.Option(help="One parameter in the notation: 'w^2_{11}'.")
    ] = None,
    values: Annotated[
        Path | None, typer.Option(help="JSON with x, y, w, b: every product in numbers.")
    ] = None,
    batch: Batch = None,
    reduction: Reduction = None,
    bias: Bias = None,
    l1: L1 = None,
    l2: L2 = None,
    more: Set = None,
    output: Output = None,
) -> None:
    """Derive the gradient of every parameter, as a Markdown post."""
    usual = networks.lookup(network).notation if network is not None else "standard"
    chosen = notation.lookup(notation_name or usual)
    one_of("language", lang, LANGUAGES)
    one_of("form", form, ("full", "short"))
    system = build(network, equations, more, sizes=sizes, activation=activation, loss=loss,
                   batch=batch, reduction=reduction, bias=bias, l1=l1, l2=l2)  # fmt: skip
    given = read_values(values, system) if values is not None else None
    if wrt is None and given is None:
        emit(write_post(system, chosen, lang, form).text, output)
        return
    if sizes is None:
        names = [v.name for v in system.with_role(Role.SIZE) if v.value is None]
        raise ValueRangeError(f"--wrt and --values need numbers: give --sizes ({', '.join(names)})")
    full = derivations(system)[0].system
    post = Post(full, chosen, lang)
    if wrt is None:
        raise UnknownNameError("--values needs --wrt: the parameter whose derivative is wanted")
    entry = read_parameter(wrt, full, chosen)
    if given is None:
        one_weight(post, entry)
    else:
        with at(str(values)):
            check_domain(system, given)
            one_weight(post, entry, value_of(full, given))
        slope = slope_of_cost(system, given, entry)
        post.say("finite difference", value=number(slope, 6))
    emit(post.text, output)


def verify_command(
    network: Name = None,
    equations: Equations = None,
    sizes: Sizes = None,
    activation: Activation = None,
    loss: Loss = None,
    values: Annotated[
        Path | None, typer.Option(help="JSON with x, y, w, b. None: random values.")
    ] = None,
    seed: Annotated[int, typer.Option(help="For the random values.")] = 0,
    witness: Annotated[
        str | None, typer.Option(help="exact,complex step,central,reference,torch. None: all.")
    ] = None,
    batch: Batch = None,
    reduction: Reduction = None,
    bias: Bias = None,
    l1: L1 = None,
    l2: L2 = None,
    more: Set = None,
) -> None:
    """Compare every weight's derivative with independent witnesses; status 1 on a mismatch."""
    system = build(network, equations, more, sizes=sizes, activation=activation, loss=loss,
                   batch=batch, reduction=reduction, bias=bias, l1=l1, l2=l2)  # fmt: skip
    given = read_values(values, system) if values else None
    names = [w.strip() for w in witness.split(",")] if witness else None
    with at(str(values)) if values else nullcontext():
        report = verify(system, seed=seed, values=given, witnesses=names)
    typer.echo(str(report))
    if not report.ok:
        raise typer.Exit(1)


def code(
    network: Name = None,
    equations: Equations = None,
    sizes: Sizes = None,
    activation: Activation = None,
    loss: Loss = None,
    batch: Batch = None,
    reduction: Reduction = None,
    bias: Bias = None,
    l1: L1 = None,
    l2: L2 = None,
    more: Set = None,
    output: Output = None,
) -> None:
    """Write the cost and its gradient as readable NumPy."""
    system = build(network, equations, more, sizes=sizes, activation=activation, loss=loss,
                   batch=batch, reduction=reduction, bias=bias, l1=l1, l2=l2)  # fmt: skip
    chosen = {name: STAND_INS.get(name, "sigmoid") for name in unspecified_functions(system)}
    if chosen:
        stands = ", ".join(f"{new} stands for {old}" for old, new in chosen.items())
        typer.echo(f"symbp: {stands}", err=True)
    emit(numpy_source(with_functions(system, chosen)), output)


def networks_command(
    name: Annotated[
        str | None, typer.Argument(metavar="[NETWORK]", help="Show its equations and options.")
    ] = None,
) -> None:
    """List the networks by family, or show one."""
    if name is not None:
        typer.echo("\n".join(_about(networks.lookup(name))))
        return
    for family, heading in networks.FAMILIES.items():
        entries = [e for e in networks.CATALOG.values() if e.family == family]
        if entries:
            typer.echo(heading["en"])
            for e in entries:
                typer.echo(f"  {e.name:24} {e.title['en']}")
            typer.echo()


ROLES = {
    "sizes": Role.SIZE,
    "inputs": Role.INPUT,
    "targets": Role.TARGET,
    "parameters": Role.PARAMETER,
    "constants": Role.HYPERPARAMETER,
}


def _about(entry: networks.Entry) -> Iterator[str]:
    system = entry()
    yield f"{entry.name}: {entry.title['en']}. Source: {entry.source}."
    yield ""
    yield from (f"  {equation}" for equation in system.equations)
    yield ""
    for word, role in ROLES.items():
        found = ", ".join(v.name for v in system.with_role(role))
        if found:
            yield f"{word + ':':12}{found}"
    options = [f"{p.name}={_word(p.default)}" for p in entry.parameters]
    if options:
        yield f"{'options:':12}{', '.join(options)}"


def _word(value: object) -> str:
    return ("no", "yes")[value] if isinstance(value, bool) else str(value)


def notations() -> None:
    """Show each notation on one example."""
    for each in notation.NOTATIONS.values():
        typer.echo(f"{each.name:8} {each.title['en']}")
        for line in summary(each):
            typer.echo(f"         {line}")
        typer.echo()


def demo_command() -> None:
    """Show what symbp does."""
    for line in demo():
        typer.echo(line)


def read_values(path: Path, system: System) -> dict[str, Any]:
    """The families in a JSON file: {"x": [...], "y": [...], "w": [[...], ...], "b": [...]}."""
    given = _read_json(path)
    known = [v.name for v in system.variables if v.role.given and v.role is not Role.SIZE]
    for name in given:
        if name not in known:
            with at(str(path)):
                raise unknown("family", name, known)
    return given


def _read_json(path: Path) -> dict[str, Any]:
    try:
        given = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ValueRangeError(f"{path}: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise ValueRangeError(f"{path}: not UTF-8 text (byte {error.start})") from error
    except json.JSONDecodeError as error:
        raise ValueRangeError(f"{path}:{error.lineno}:{error.colno}: {error.msg}") from error
    if not isinstance(given, dict):
        raise ValueRangeError(f'{path}: expected an object such as {{"x": [1, 2], "y": [0]}}')
    return given
