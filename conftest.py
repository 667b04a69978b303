"""Everything written runs: the examples in docstrings, the README and the docs are tests.

In Markdown these are the blocks marked `python` (>>> or plain code). Examples of one file run in
order and share their names, and a docstring also sees the names of its module.
"""

from doctest import ELLIPSIS, NORMALIZE_WHITESPACE

from sybil import Sybil
from sybil.parsers.myst import PythonCodeBlockParser
from sybil.parsers.rest import DocTestParser

FLAGS = ELLIPSIS | NORMALIZE_WHITESPACE

pytest_collect_file = (
    Sybil([DocTestParser(FLAGS)], patterns=["symbp/*.py", "symbp/*/*.py"])
    + Sybil([PythonCodeBlockParser(doctest_optionflags=FLAGS)], patterns=["README.md", "docs/*.md"])
).pytest()
