"""House rules that the linter does not have; each rule is shown to catch a planted fault."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
FILE_LINES = 400
FUNCTION_LINES = 60
#: Packages that may be imported inside a function, because they are optional.
OPTIONAL = {"torch"}
#: What `make` and the caches make is not part of the project (.gitignore has the same).
MADE = {".git", ".venv", "node_modules", "_build", "dist", "__pycache__", ".hypothesis"}
MADE |= {".import_linter_cache", ".mypy_cache", ".pytest_cache", ".ruff_cache"}
#: Places on one person's machine; a brace or a letter before the slash makes it a relative path.
MACHINE = re.compile(r"(?<![\w.}*])/(?:root|home|Users|work)/|\bshared[/]")


def long_file(source: str) -> Iterator[str]:
    if (length := len(source.splitlines())) > FILE_LINES:
        yield f"1: {length} lines; make it a folder of the same name"


def long_functions(source: str) -> Iterator[str]:
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            length = (node.end_lineno or node.lineno) - node.lineno + 1
            if length > FUNCTION_LINES:
                yield f"{node.lineno}: {node.name} has {length} lines"


def deferred_imports(source: str) -> Iterator[str]:
    for function in ast.walk(ast.parse(source)):
        if not isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef):
            continue
        for node in ast.walk(function):
            if isinstance(node, ast.Import):
                names = [alias.name for alias in node.names]
            elif isinstance(node, ast.ImportFrom):
                names = ["." * node.level + (node.module or "")]
            else:
                continue
            for name in names:
                if name.split(".")[0] not in OPTIONAL:
                    yield f"{node.lineno}: {function.name} imports {name}"


def machine_paths(text: str) -> Iterator[str]:
    for number, line in enumerate(text.splitlines(), 1):
        if found := MACHINE.search(line):
            yield f"{number}: {found.group()} exists on one machine only"


def python_files() -> Iterator[Path]:
    return (ROOT / "symbp").rglob("*.py")


def project_files(directory: Path = ROOT) -> Iterator[Path]:
    """All files of the project, without those that were made from them."""
    for path in directory.iterdir():
        if path.name in MADE:
            continue
        if path.is_dir():
            yield from project_files(path)
        else:
            yield path


RULES = [
    (long_file, python_files),
    (long_functions, python_files),
    (deferred_imports, python_files),
    (machine_paths, project_files),
]


@pytest.mark.parametrize(("rule", "files"), RULES)
def test_the_project_keeps_the_rule(rule, files):
    paths = sorted(files())
    assert paths
    texts = {path: path.read_text(encoding="utf-8", errors="replace") for path in paths}
    faults = [f"{path.relative_to(ROOT)}:{fault}" for path in paths for fault in rule(texts[path])]
    assert faults == []


@pytest.mark.parametrize(
    ("rule", "bad", "good"),
    [
        (long_file, "\n" * 401, "\n" * 400),
        (long_functions, "def f():\n" + "    0\n" * 60, "def f():\n" + "    0\n" * 59),
        (deferred_imports, "def f():\n    import sympy", "import sympy\ndef f(): pass"),
        (deferred_imports, "async def f():\n    from .a import b", "from .a import b"),
        (deferred_imports, "def f():\n    import torch2", "def f():\n    import torch.nn"),
        (machine_paths, "cd " + "/work" + "/main", "docs/work/main"),
        (machine_paths, "x" + "\nsee shared" + "/a.md", "a shared weight / bias"),
    ],
)
def test_a_planted_fault_is_caught(rule, bad, good):
    assert list(rule(bad))
    assert not list(rule(good))
