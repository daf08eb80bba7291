"""Starting programs: by name through an action, by arguments from a script."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from environments.action import Launch, OpenURL
from environments.desktop.driver import DesktopEnvironment
from environments.errors import EnvironmentUnavailable, InvalidAction
from tests.environments.desktop.programs import alive, end, needs, until, windows

pytestmark = pytest.mark.display


@pytest.fixture
def open_url_log(private_desktop: DesktopEnvironment, tmp_path: Path) -> Callable[[], list[str]]:
    """Puts an xdg-open of our own on the PATH of the display, which writes down its arguments one a line."""
    log = tmp_path / "log"
    opener = tmp_path / "bin" / "xdg-open"
    opener.parent.mkdir()
    opener.write_text(f'#!/bin/sh\nprintf "%s\\n" "$#" "$@" > {log}\nexec xterm -T opened\n')
    opener.chmod(0o755)
    private_desktop._environment["PATH"] = f"{opener.parent}:{os.environ['PATH']}"
    return lambda: log.read_text().splitlines() if log.exists() else []


def test_an_app_is_started_by_the_name_that_people_know(private_desktop: DesktopEnvironment) -> None:
    needs("galculator")
    for name in ("galculator", "GALCULATOR"):
        before = len(windows(private_desktop))
        effect = private_desktop.act(Launch(app=name), private_desktop.observe())
        assert (effect.status, effect.note) == ("done", "")
        assert len(windows(private_desktop)) == before + 1
        window = private_desktop.observe().window
        assert window is not None
        assert "galculator" in window.app.lower()


def test_an_unknown_app_names_its_neighbours(desktop: DesktopEnvironment) -> None:
    needs("galculator")
    with pytest.raises(InvalidAction, match="no application called 'galculater' is installed") as caught:
        desktop.act(Launch(app="galculater"), desktop.observe())
    assert "galculator" in str(caught.value).lower().partition("installed;")[2]
    assert windows(desktop) == []


@pytest.mark.parametrize("app", ["sh -c 'touch x'", "../../bin/sh", "/usr/bin/xterm", "xterm; id", "$(id)"])
def test_a_name_never_becomes_a_command(desktop: DesktopEnvironment, app: str) -> None:
    with pytest.raises(InvalidAction, match="no application called"):
        desktop.act(Launch(app=app), desktop.observe())
    assert windows(desktop) == []


def test_a_program_that_shows_no_window_is_said_to(
    desktop: DesktopEnvironment, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("environments.desktop.driver.WINDOW_SECONDS", 0.3)
    with pytest.raises(EnvironmentUnavailable, match="sleep showed no window within"):
        desktop.launch(["sleep", "0.5"])


def test_a_program_that_does_not_exist_is_named(desktop: DesktopEnvironment) -> None:
    with pytest.raises(EnvironmentUnavailable, match="cannot start no-such-program: No such file"):
        desktop.launch(["no-such-program"])
    assert desktop.observe().frame.pixels, "the display goes on"


def test_a_script_starts_a_program_where_it_wants(desktop: DesktopEnvironment, tmp_path: Path) -> None:
    needs("xterm")
    pid = desktop.launch(["xterm", "-e", "sh", "-c", "pwd > here; sleep 100"], cwd=str(tmp_path))
    try:
        assert alive(pid)
        assert len(windows(desktop)) == 1
        assert (until(lambda: (tmp_path / "here").exists() and (tmp_path / "here").read_text(), "pwd")).strip() == str(
            tmp_path
        )
    finally:
        end(pid)
        until(lambda: windows(desktop) == [], "the terminal closes")


def test_a_web_page_is_opened_by_the_program_for_it(
    private_desktop: DesktopEnvironment, open_url_log: Callable[[], list[str]]
) -> None:
    needs("xterm")
    url = "https://example.org/a?b=c&d=$(id);`id`#%20'\""
    effect = private_desktop.act(OpenURL(url=url), private_desktop.observe())
    assert (effect.status, effect.note) == ("done", "")
    assert open_url_log() == ["1", url]


def test_without_a_program_for_web_pages_it_is_not_sent(private_desktop: DesktopEnvironment, tmp_path: Path) -> None:
    private_desktop._environment["PATH"] = str(tmp_path)
    effect = private_desktop.act(OpenURL(url="https://example.org/"), private_desktop.observe())
    assert effect.status == "not_sent"
    assert "xdg-open" in effect.reason
    assert "xdg-utils" in effect.reason
