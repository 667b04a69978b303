"""The options of `pytest --symbp`. PYTEST_DONT_REWRITE

Every run of pytest imports this file, so it imports nothing: symbp itself is loaded by the first
`--symbp`. That is why it stands beside the package.
"""

from __future__ import annotations

import pytest


def pytest_addoption(parser: pytest.Parser) -> None:
    """--symbp, --symbp-strict, --symbp-declare."""
    group = parser.getgroup("symbp", "gradient formulas in documents")
    group.addoption(
        "--symbp", action="store_true", help="check the formulas of .md, .ipynb and .tex files"
    )
    group.addoption(
        "--symbp-strict", action="store_true", help="fail, not skip, what is undecided or unread"
    )
    group.addoption(
        "--symbp-declare",
        action="append",
        default=[],
        metavar="'KEY: VALUE'",
        help="declare this before each document, such as 'network: mlp'",
    )


def pytest_configure(config: pytest.Config) -> None:
    """Load the collector if it is wanted."""
    if config.getoption("--symbp"):
        config.pluginmanager.import_plugin("symbp.pytest_plugin")
