"""An action goes to the screen that it was decided on, or nowhere."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from environments.action import Action, Hotkey, Launch, OpenURL, Press, Tap, Type
from environments.desktop.driver import DesktopEnvironment
from environments.observation import Window
from tests.environments.desktop.programs import Editor, Program, Terminal, python_with_tk, until

pytestmark = pytest.mark.display


@pytest.mark.parametrize(
    "action",
    [
        Type(text="secret", submit=True), Press(key="x"), Hotkey(keys=("ctrl", "c")), Tap(x=500, y=380),
        Launch(app="galculator"), OpenURL(url="https://example.org/"),
    ],
    ids=lambda action: action.type,
)  # fmt: skip
def test_when_another_window_came_to_the_front_nothing_is_sent(
    desktop: DesktopEnvironment, tmp_path: Path, action: Action
) -> None:
    with Terminal(desktop, tmp_path / "first") as first:
        seen = desktop.observe()
        with Terminal(desktop, tmp_path / "second") as second:
            before = desktop.observe()
            effect = desktop.act(action, seen)
            assert effect.status == "not_sent"
            assert effect.reason.startswith("the window in front changed from")
            assert desktop.act(Type(text="end", submit=True), before).status == "done"
            second.wait_for("end\n")
        assert first.text() == ""


def test_when_the_window_has_closed_nothing_is_sent(desktop: DesktopEnvironment, tmp_path: Path) -> None:
    with Terminal(desktop, tmp_path / "text"):
        seen = desktop.observe()
        assert seen.window is not None
        assert seen.window.app == "XTerm"
    effect = desktop.act(Type(text="secret"), seen)
    assert effect.status == "not_sent"
    assert effect.reason.endswith("to none")


def test_a_second_window_of_the_same_program_is_another(desktop: DesktopEnvironment, tmp_path: Path) -> None:
    with Terminal(desktop, tmp_path / "a"):
        first = desktop.observe()
        with Terminal(desktop, tmp_path / "b"):
            second = desktop.observe()
            assert first.window is not None
            assert second.window is not None
            assert first.window.app == second.window.app
            assert first.window.id != second.window.id


def test_a_new_title_alone_refuses_nothing(open_editor: Callable[[str], Editor]) -> None:
    with open_editor("") as editor:
        desktop = editor.desktop
        seen = desktop.observe()
        assert desktop.act(Type(text="a"), seen).status == "done"
        until(lambda: desktop.observe().window != seen.window, "the title shows that the text was changed")
        assert desktop.act(Type(text="b"), seen).status == "done"
        assert editor.saved() == "ab"


def test_a_screen_of_another_size_or_place_is_another(desktop: DesktopEnvironment) -> None:
    seen = desktop.observe()
    for screen in (seen.screen._replace(width=800), seen.screen._replace(left=-5), seen.screen._replace(height=1)):
        effect = desktop.act(Press(key="a"), replace(seen, screen=screen))
        assert effect.status == "not_sent"
        assert effect.reason


def test_another_window_in_name_only_is_another(desktop: DesktopEnvironment) -> None:
    seen = replace(desktop.observe(), window=Window("0x1", "Somebody", "else"))
    effect = desktop.act(Press(key="a"), seen)
    assert effect.status == "not_sent"
    assert "Somebody (else)" in effect.reason


def test_the_window_in_front_is_named(desktop: DesktopEnvironment) -> None:
    with Program(desktop, ["xterm", "-T", "żółw 😀 <b>"]):
        window = desktop.observe().window
        assert window is not None
        assert (window.app, window.title) == ("XTerm", "żółw 😀 <b>")


def test_a_title_is_one_printable_line_whatever_a_program_says(desktop: DesktopEnvironment) -> None:
    title = "import tkinter; r = tkinter.Tk(); r.title('a\\nb\\x1b[31m\\u202e' + 'x' * 10000); r.mainloop()"
    with Program(desktop, [python_with_tk(), "-c", title]):
        window = desktop.observe().window
        assert window is not None
        assert window.title.startswith("a b ")
        assert window.title.isprintable()
        assert len(window.title) <= 300
