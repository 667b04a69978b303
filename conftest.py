"""Everything written runs: the examples in docstrings, the README and the docs are tests.

In Markdown these are the blocks marked `python` (>>> or plain code). Examples of one file run in
order and share their names, and a docstring also sees the names of its module.
"""

from doctest import ELLIPSIS, NORMALIZE_WHITESPACE
from pathlib import Path

import pytest
from sybil import Sybil
from sybil.integration.pytest import SybilItem
from sybil.parsers.myst import PythonCodeBlockParser
from sybil.parsers.rest import DocTestParser

FLAGS = ELLIPSIS | NORMALIZE_WHITESPACE

examples = (
    Sybil([DocTestParser(FLAGS)], patterns=["symbp/*.py", "symbp/*/*.py", "symbp/*/*/*.py"])
    + Sybil([PythonCodeBlockParser(doctest_optionflags=FLAGS)], patterns=["README.md", "docs/*.md"])
).pytest()


def pytest_collect_file(file_path: Path, parent: pytest.Collector) -> pytest.Collector | None:
    """The examples of a file; a module without any need not be parsed, which takes a while."""
    if file_path.suffix == ".py" and ">>>" not in file_path.read_text(encoding="utf-8"):
        return None
    return examples(file_path, parent)


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Where processes share the tests (pytest-xdist), the examples of a file stay together."""
    for item in items:
        if isinstance(item, SybilItem):
            item.add_marker(pytest.mark.xdist_group(str(item.path)))
