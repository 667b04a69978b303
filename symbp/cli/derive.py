"""The commands about networks: derive, verify, code, notations, demo."""

from __future__ import annotations

import json
from contextlib import nullcontext
from pathlib import Path
from typing import Annotated, Any

import typer

from symbp import networks, notation
from symbp.cli.output import Output, emit, one_of
from symbp.demo import demo, summary
from symbp.derivation import derive as derivations
from symbp.errors import UnknownNameError, ValueRangeError, at, unknown
from symbp.latex.phrases import LANGUAGES
from symbp.latex.post import Post, write_post
from symbp.latex.weight import number, one_weight, read_parameter
from symbp.network import DEFAULT_NOTATION, slope_of_cost, value_of
from symbp.numbers.codegen import numpy_source
from symbp.numbers.sampling import check_domain
from symbp.system import Role, System
from symbp.verify import verify

NETWORKS = {"mlp": networks.mlp}

Name = Annotated[str, typer.Argument(metavar="NETWORK", help="The network: mlp.")]
Sizes = Annotated[str | None, typer.Option(help="Units of each layer: 784,30,10. None: symbols.")]
Activation = Annotated[str, typer.Option(help="One for all layers, or one for each: relu,softmax.")]
Loss = Annotated[str, typer.Option(help="half-squared-error, cross-entropy, ...")]
Batch = Annotated[str | None, typer.Option(help="Add a sample index: m (a symbol) or a number.")]
Reduction = Annotated[str, typer.Option(help="mean or sum over the samples.")]
Bias = Annotated[str, typer.Option(help="yes or no, for all layers or for each: yes,yes,no.")]
L1 = Annotated[str | None, typer.Option(help="Penalty on |w|: lambda, lambda/2, lambda/2m.")]
L2 = Annotated[str | None, typer.Option(help="Penalty on w²: lambda, lambda/2, lambda/2m.")]
NotationName = Annotated[str, typer.Option("--notation", help="bold, edge, ng, pinard or chain.")]


def build(
    name: str, sizes: str | None, activation: str, loss: str, **options: str | None
) -> System:
    """The network that the options of a command describe."""
    if name not in NETWORKS:
        raise UnknownNameError(f"unknown network {name!r} (known: {', '.join(NETWORKS)})")
    batch = options["batch"]
    return networks.mlp(
        _integers("--sizes", sizes) if sizes is not None else None,
        [a.strip() for a in activation.split(",")] if "," in activation else activation,
        loss,
        batch=False if batch is None else True if batch == "m" else _integer("--batch", batch),
        reduction=str(options["reduction"]),
        bias=_biases(str(options["bias"])),
        l1=options["l1"],
        l2=options["l2"],
    )


def _integers(option: str, text: str) -> list[int]:
    return [_integer(option, part) for part in text.split(",")]


def _integer(option: str, text: str) -> int:
    try:
        number = int(text)
    except ValueError:
        number = 0
    if number < 1:
        raise ValueRangeError(f"{option}: {text.strip()!r} is not a positive integer")
    return number


def _biases(text: str) -> bool | list[bool]:
    words = [w.strip() for w in text.split(",")]
    wrong = [w for w in words if w not in ("yes", "no")]
    if wrong:
        raise UnknownNameError(f"--bias: {wrong[0]!r} is neither yes nor no")
    return words[0] == "yes" if len(words) == 1 else [w == "yes" for w in words]


def derive(
    network: Name,
    sizes: Sizes = None,
    activation: Activation = "sigma",
    loss: Loss = "half-squared-error",
    notation_name: NotationName = DEFAULT_NOTATION,
    lang: Annotated[str, typer.Option(help="en or zh.")] = "en",
    form: Annotated[str, typer.Option(help="full (every step) or short (results).")] = "full",
    wrt: Annotated[
        str | None, typer.Option(help="One parameter in the notation: 'w^2_{11}'.")
    ] = None,
    values: Annotated[
        Path | None, typer.Option(help="JSON with x, y, w, b: every product in numbers.")
    ] = None,
    batch: Batch = None,
    reduction: Reduction = "mean",
    bias: Bias = "yes",
    l1: L1 = None,
    l2: L2 = None,
    output: Output = None,
) -> None:
    """Derive the gradient of every parameter, as a Markdown post."""
    chosen = notation.lookup(notation_name)
    one_of("language", lang, LANGUAGES)
    one_of("form", form, ("full", "short"))
    system = build(network, sizes, activation, loss,
                   batch=batch, reduction=reduction, bias=bias, l1=l1, l2=l2)  # fmt: skip
    given = read_values(values, system) if values is not None else None
    if wrt is None and given is None:
        emit(write_post(system, chosen, lang, form).text, output)
        return
    if sizes is None:
        raise ValueRangeError("--wrt and --values need numbers for the layers: give --sizes")
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
    network: Name,
    sizes: Sizes = None,
    activation: Activation = "sigma",
    loss: Loss = "half-squared-error",
    values: Annotated[
        Path | None, typer.Option(help="JSON with x, y, w, b. None: random values.")
    ] = None,
    seed: Annotated[int, typer.Option(help="For the random values.")] = 0,
    witness: Annotated[
        str | None, typer.Option(help="exact,complex step,central,reference,torch. None: all.")
    ] = None,
    batch: Batch = None,
    reduction: Reduction = "mean",
    bias: Bias = "yes",
    l1: L1 = None,
    l2: L2 = None,
) -> None:
    """Compare every weight's derivative with independent witnesses; status 1 on a mismatch."""
    system = build(network, sizes, activation, loss,
                   batch=batch, reduction=reduction, bias=bias, l1=l1, l2=l2)  # fmt: skip
    given = read_values(values, system) if values else None
    names = [w.strip() for w in witness.split(",")] if witness else None
    with at(str(values)) if values else nullcontext():
        report = verify(system, seed=seed, values=given, witnesses=names)
    typer.echo(str(report))
    if not report.ok:
        raise typer.Exit(1)


def code(
    network: Name,
    sizes: Sizes = None,
    activation: Activation = "sigmoid",
    loss: Loss = "half-squared-error",
    batch: Batch = None,
    reduction: Reduction = "mean",
    bias: Bias = "yes",
    l1: L1 = None,
    l2: L2 = None,
    output: Output = None,
) -> None:
    """Write the cost and its gradient as readable NumPy."""
    system = build(network, sizes, activation, loss,
                   batch=batch, reduction=reduction, bias=bias, l1=l1, l2=l2)  # fmt: skip
    emit(numpy_source(system), output)


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
