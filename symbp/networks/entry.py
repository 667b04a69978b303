"""What the catalogue says of a network: its name, its family, how it is made and checked."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from symbp.errors import unknown
from symbp.system import Role, System


@dataclass(frozen=True)
class Entry:
    """One network of the catalogue. Called with options it is a System, sizes as symbols."""

    name: str
    family: str
    """The heading it is listed under."""
    title: Mapping[str, str]
    """What it is, in a few words, by language: "an LSTM network"."""
    build: Callable[..., System]
    sizes: Mapping[str, int | tuple[int, ...]] = field(default_factory=dict)
    """Small sizes, no two alike, at which everything about the network is checked."""
    options: Mapping[str, Any] = field(default_factory=dict)
    """What `build` is given unless the caller says otherwise."""
    source: str = "definition"
    notation: str = "standard"
    """The notation it is written in unless another is asked for."""

    @property
    def parameters(self) -> list[inspect.Parameter]:
        """The options of `build`, with the defaults of this entry."""
        known = inspect.signature(self.build).parameters.values()
        return [p.replace(default=self.options.get(p.name, p.default)) for p in known]

    def __call__(self, **options: Any) -> System:
        """The forward equations; sizes by name among the options are bound to numbers."""
        known = inspect.signature(self.build).parameters
        own = {n: v for n, v in options.items() if n in known}
        system = self.build(**{**self.options, **own})
        sizes = {n: v for n, v in options.items() if n not in known}
        names = [v.name for v in system.with_role(Role.SIZE) if v.value is None]
        for name in sizes:
            if name not in names:
                raise unknown(f"option or size of {self.name}", name, [*known, *names])
        return replace(system.with_sizes(**sizes), origin=system.origin or self)

    def small(self) -> System:
        """The network at its small sizes."""
        return self(**self.sizes)
