"""A file imports only from layers below its own; the order is in pyproject.toml."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
LINT = "from importlinter.cli import lint_imports as lint; raise SystemExit(lint(no_cache=True))"


def lint(directory: Path) -> subprocess.CompletedProcess[str]:
    """Run the contracts on the package in `directory`, apart from the modules loaded here."""
    return subprocess.run(
        [sys.executable, "-c", LINT], cwd=directory, capture_output=True, text=True, check=False
    )


def test_symbp_keeps_its_layers():
    result = lint(ROOT)
    assert result.returncode == 0, result.stdout + result.stderr


@pytest.mark.parametrize(
    ("file", "source", "complaint"),
    [
        ("functions.py", "import symbp.errors", "0 broken"),
        ("errors.py", "import symbp.cli", "symbp.errors -> symbp.cli"),
        ("errors.py", "def f():\n    import symbp.cli", "symbp.errors -> symbp.cli"),
        ("pytest_plugin.py", "import symbp.cli", "symbp.pytest_plugin -> symbp.cli"),
        ("errors.py", "from symbp import VERSION", "symbp.errors -> symbp"),
        ("stray.py", "", "not listed as layers"),
    ],
)
def test_a_planted_import_is_caught(tmp_path, file, source, complaint):
    package = tmp_path / "symbp"
    package.mkdir()
    for name in ("__init__.py", "errors.py", "cli.py"):
        (package / name).touch()
    (package / file).write_text(source, encoding="utf-8")
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    result = lint(tmp_path)
    assert complaint in result.stdout, result.stdout + result.stderr
    assert result.returncode == (complaint != "0 broken")
