"""The accessibility tree of real programs: there when asked for, or absent with a reason."""

import pytest

from environments.action import Tap, Type
from environments.desktop.driver import DesktopEnvironment
from environments.geometry import inside
from environments.observation import Elements
from tests.environments.desktop.programs import Program, needs, python_with_tk, until

pytestmark = pytest.mark.display


def test_without_being_asked_for_they_are_absent(desktop: DesktopEnvironment) -> None:
    assert desktop.observe().elements == Elements(absent="not asked for")


def test_without_a_window_they_are_absent_with_a_reason(desktop: DesktopEnvironment) -> None:
    elements = desktop.observe(elements=True).elements
    assert not elements.nodes
    assert elements.absent


def test_programs_that_expose_nothing_are_absent_with_a_reason(desktop: DesktopEnvironment) -> None:
    needs("xterm")
    for argv in (["xterm"], [python_with_tk(), "-c", "import tkinter; tkinter.Tk().mainloop()"]):
        with Program(desktop, argv):
            elements = desktop.observe(elements=True).elements
            assert not elements.nodes
            assert elements.absent


def test_a_calculator_is_read_and_clicked_by_its_elements(desktop: DesktopEnvironment) -> None:
    needs("galculator")
    with Program(desktop, ["galculator"]):
        seen = until(lambda: (now := desktop.observe(elements=True)).elements.find(name="7") and now, "the keys")
        for name in "7*6=":
            button = seen.elements.find(name=name)
            assert button is not None, name
            assert button.bounds is not None
            assert inside(button.bounds.center, seen.frame.size)
            x, y = button.bounds.center
            assert desktop.act(Tap(x=x, y=y), desktop.observe()).status == "done"
        until(lambda: "42" in _texts(desktop.observe(elements=True).elements), "the calculator shows 42")


def _texts(elements: Elements) -> list[str]:
    return [element.text.strip() for element in elements]


def test_an_editor_shows_its_text(desktop: DesktopEnvironment) -> None:
    needs("mousepad")
    with Program(desktop, ["mousepad", "--disable-server"]):
        until(lambda: desktop.observe(elements=True).elements.nodes, "the editor is on the accessibility bus")
        desktop.act(Type(text="żółw 😀"), desktop.observe())
        until(lambda: "żółw 😀" in _texts(desktop.observe(elements=True).elements), "the editor's text is read")
