"""What all tests share.

Golden files: text that symbp writes is kept in tests/golden and compared as it is.
A test asks for the fixture and says `golden("name.md", text)`. A difference is shown as a diff;
`pytest --update` accepts it. A file that no test asked for fails the full run.
"""

from __future__ import annotations

from collections.abc import Callable
from difflib import unified_diff
from pathlib import Path

import pytest
from hypothesis import settings

from symbp.cli import main

# No clock: machines are shared.
settings.register_profile("no deadline", deadline=None)
settings.load_profile("no deadline")

GOLDEN = Path(__file__).parent / "golden"
USED = pytest.StashKey[set[str]]()
PARTIAL = pytest.StashKey[bool]()


@pytest.fixture
def symbp(capsys: pytest.CaptureFixture[str]) -> Callable[..., tuple[int, str, str]]:
    """(status, standard output, standard error) of `symbp ...`."""

    def command(*arguments: object) -> tuple[int, str, str]:
        with pytest.raises(SystemExit) as stop:
            main([str(a) for a in arguments])
        printed = capsys.readouterr()
        return int(stop.value.code or 0), printed.out, printed.err

    return command


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--update", action="store_true", help="accept the text of golden files")


def pytest_configure(config: pytest.Config) -> None:
    """A run is partial if it was given paths; `pytest_deselected` adds -k, -m and the like."""
    config.stash[USED] = set()
    named = config.args_source is not pytest.Config.ArgsSource.TESTPATHS
    config.stash[PARTIAL] = named or bool(config.getoption("lf"))


def pytest_deselected(items: list[pytest.Item]) -> None:
    items[0].config.stash[PARTIAL] = True


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put the test marked `last` after all others: it judges what they used.

    Where processes share the tests (pytest-xdist), those that use golden files stay together.
    """
    items.sort(key=lambda item: item.get_closest_marker("last") is not None)
    for item in items:
        if item.get_closest_marker("last") or "golden" in getattr(item, "fixturenames", ()):
            item.add_marker(pytest.mark.xdist_group("golden"))


@pytest.fixture
def golden(request: pytest.FixtureRequest) -> Callable[[str, str], None]:
    """golden(name, text): `text` is what tests/golden/`name` holds."""
    update = request.config.getoption("--update")

    def check(name: str, text: str) -> None:
        request.config.stash[USED].add(name)
        if fault := compare(GOLDEN / name, text, update=update):
            pytest.fail(f"{name} has changed\n{fault}", pytrace=False)

    return check


@pytest.fixture
def used_golden_files(request: pytest.FixtureRequest) -> set[str]:
    """The names that this run compared; skips unless the run was full and went well."""
    if request.config.stash[PARTIAL] or request.session.testsfailed:
        pytest.skip("only a full run without failures tells which golden files are used")
    return request.config.stash[USED]


def compare(path: Path, text: str, *, update: bool = False) -> str:
    """What is wrong with `path` as the record of `text`; "" if nothing. `update` rewrites it."""
    kept = path.read_text(encoding="utf-8") if path.exists() else ""
    if path.exists() and kept == text:
        return ""
    if update:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8", newline="\n")
        return ""
    diff = unified_diff(kept.splitlines(), text.splitlines(), "kept", "now", lineterm="")
    return "\n".join([*diff, "To accept the new text: pytest --update"])


def stale(directory: Path, used: set[str]) -> list[str]:
    """The files under `directory` that are not in `used`."""
    found = (path.relative_to(directory).as_posix() for path in directory.rglob("*"))
    return sorted(name for name in found if name not in used and (directory / name).is_file())
