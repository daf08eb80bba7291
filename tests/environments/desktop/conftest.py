"""One private display that the tests of this folder share; each test leaves it without windows."""

from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import pytest

from environments.desktop.driver import DesktopEnvironment
from environments.geometry import Size
from tests.environments.desktop.programs import Editor, Panel, Terminal

SIZE = Size(1024, 768)


@pytest.fixture(scope="session")
def shared_desktop() -> Iterator[DesktopEnvironment]:
    with DesktopEnvironment(private=True, size=SIZE) as desktop:
        yield desktop


@pytest.fixture
def desktop(shared_desktop: DesktopEnvironment) -> DesktopEnvironment:
    """The shared display. Not to be closed or broken."""
    assert shared_desktop.observe().window is None, "a test has left a window behind"
    return shared_desktop


@pytest.fixture
def private_desktop() -> Iterator[DesktopEnvironment]:
    """A display for one test alone, which may break it."""
    with DesktopEnvironment(private=True, size=SIZE) as desktop:
        yield desktop


@pytest.fixture
def terminal(desktop: DesktopEnvironment, tmp_path: Path) -> Iterator[Terminal]:
    with Terminal(desktop, tmp_path / "terminal.txt") as terminal:
        yield terminal


@pytest.fixture
def open_editor(desktop: DesktopEnvironment, tmp_path: Path) -> Callable[[str], Editor]:
    """Makes an editor on a file with some content; to be used within `with`."""
    return partial(Editor, desktop, tmp_path / "editor.txt")


@pytest.fixture(scope="module")
def lasting_panel(shared_desktop: DesktopEnvironment, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Panel]:
    """A panel for modules whose every test wants one."""
    with Panel(shared_desktop, tmp_path_factory.mktemp("panel") / "panel.jsonl") as panel:
        yield panel


@pytest.fixture
def panel(desktop: DesktopEnvironment, tmp_path: Path) -> Iterator[Panel]:
    with Panel(desktop, tmp_path / "panel.jsonl") as panel:
        yield panel
