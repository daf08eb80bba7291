"""Whatever text is asked for arrives, exactly: read back from an editor's file and from a terminal."""

import random
import subprocess
import unicodedata
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from environments.action import Hotkey, Press, Type
from environments.desktop.driver import DesktopEnvironment
from environments.errors import InvalidAction
from tests.environments.desktop.programs import (
    Editor,
    Program,
    Terminal,
    ask_x,
    assert_same,
    environment_of,
    needs,
    python_with_tk,
    until,
)  # fmt: skip

pytestmark = pytest.mark.display

TORTURE = "żółw <br/> ツ 😀 \"';\\"
POOL = (
    "abc ABC xyz XYZ 0123456789 <>?/\\|'\"`~!@#$%^&*()_+-={}[]:;,. żółwĄĘŁ ñüßéÀ Привет мир 你好世界 日本語テキスト "
    "한국어 שלום مرحبا ไทย é🎉😀ツ👩‍👩‍👧€£¥©"
)


def mixed(length: int, seed: int = 1, pool: str = POOL) -> str:
    """A text of many scripts in lines of 80 characters."""
    choose = random.Random(seed)  # noqa: S311
    return "".join("\n" if at % 80 == 79 else choose.choice(pool) for at in range(length - 1)) + "."


def many_characters(length: int, distinct: int) -> str:
    """A text with more distinct characters than a keyboard has keys for."""
    return "".join("\n" if at % 60 == 59 else chr(0x4E00 + at * 7 % distinct) for at in range(length - 1)) + "."


def arrives_in(terminal: Terminal, text: str) -> None:
    desktop = terminal.desktop
    effect = desktop.act(Type(text=text, submit=True), desktop.observe())
    assert (effect.status, effect.reason) == ("done", "")
    terminal.wait_for(text + "\n")


@pytest.mark.parametrize(
    "text",
    [
        TORTURE,
        "plain words",
        "ÀÉÖ ÁÉŁŻ ΩΣ ПРИВЕТ àéö",
        "Mixed CASE aAbBcC",
        "".join(chr(code) for code in range(0x20, 0x7F)),
        "".join(chr(code) for code in range(0xA1, 0x180)),
        "a\nb\n\nc",
        "e\u0301 and \u00e9 are two spellings",
        "<<<>>>|||\\\\\\///~~~```^^^´´´",
        "👩‍👩‍👧 🇵🇱 👍🏽",
        "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
        "$(touch /tmp/x); `id` && %s %n \\n \\x00",
    ],
)
def test_a_text_arrives_in_a_terminal(terminal: Terminal, text: str) -> None:
    arrives_in(terminal, text)


def test_many_texts_one_after_the_other_arrive(terminal: Terminal) -> None:
    """The keys that were given new meanings for one text are given others for the next."""
    texts = [mixed(60, seed).replace("\n", " ") for seed in range(12)] + [TORTURE] * 2
    for text in texts:
        effect = terminal.desktop.act(Type(text=text, submit=True), terminal.desktop.observe())
        assert effect.status == "done"
    terminal.wait_for("".join(text + "\n" for text in texts))


def test_ten_thousand_characters_arrive_in_a_terminal(terminal: Terminal) -> None:
    text = mixed(10_000)
    assert len(text) == 10_000
    arrives_in(terminal, text)


@pytest.mark.parametrize("text", [TORTURE, mixed(10_000, seed=2)], ids=["torture", "10,000 characters"])
def test_a_text_arrives_in_an_editor(open_editor: Callable[[str], Editor], text: str) -> None:
    with open_editor("") as editor:
        effect = editor.desktop.act(Type(text=text), editor.desktop.observe())
        assert (effect.status, effect.reason) == ("done", "")
        assert_same(editor.saved(), text)


def test_tabs_arrive_in_an_editor(open_editor: Callable[[str], Editor]) -> None:
    with open_editor("") as editor:
        editor.desktop.act(Type(text="a\tb\n\tc"), editor.desktop.observe())
        assert "\t" in editor.saved()


def test_clear_empties_the_field_and_submit_presses_enter(open_editor: Callable[[str], Editor]) -> None:
    with open_editor("old words\nof two lines\n") as editor:
        desktop = editor.desktop
        effect = desktop.act(Type(text="new żółw", clear=True, submit=True), desktop.observe())
        assert effect.status == "done"
        desktop.act(Type(text="second line"), desktop.observe())
        assert editor.saved() == "new żółw\nsecond line"


def test_clear_alone_leaves_nothing(open_editor: Callable[[str], Editor]) -> None:
    with open_editor("old words") as editor:
        desktop = editor.desktop
        assert desktop.act(Type(text="", clear=True), desktop.observe()).status == "done"
        desktop.act(Type(text="."), desktop.observe())
        assert editor.saved() == "."


@pytest.mark.parametrize("bad", ["\x00", "\x1b", "\x7f", "\r", "\x08", "a\x03b", "\x9f", "line\x0bbreak"])
def test_control_characters_are_refused_before_the_first_key(terminal: Terminal, bad: str) -> None:
    desktop = terminal.desktop
    with pytest.raises(InvalidAction, match=r"cannot be typed: U\+00"):
        desktop.act(Type(text=f"never {bad} typed\n"), desktop.observe())
    arrives_in(terminal, "first")


def test_lone_surrogates_are_refused_before_the_first_key(terminal: Terminal) -> None:
    desktop = terminal.desktop
    action = Type.model_construct(type="type", text="never \ud83d typed\n", submit=False, clear=False)
    with pytest.raises(InvalidAction, match=r"U\+D83D"):
        desktop.act(action, desktop.observe())
    arrives_in(terminal, "first")


def test_caps_lock_changes_nothing_and_stays_on(terminal: Terminal) -> None:
    desktop = terminal.desktop
    desktop.act(Press(key="caps_lock"), desktop.observe())
    try:
        assert ask_x(environment_of(desktop), "pointer")["mask"] & 2
        arrives_in(terminal, f"aBcD {TORTURE}")
        assert ask_x(environment_of(desktop), "pointer")["mask"] & 2
    finally:
        desktop.act(Press(key="caps_lock"), desktop.observe())
    assert not ask_x(environment_of(desktop), "pointer")["mask"] & 2
    arrives = f"aBcD {TORTURE}\nxYz\n"
    desktop.act(Type(text="xYz", submit=True), desktop.observe())
    terminal.wait_for(arrives)


def test_the_ordinary_keys_keep_their_meaning(terminal: Terminal) -> None:
    """Only key codes above the ordinary ones are given new meanings."""
    before = ask_x(environment_of(terminal.desktop), "map")
    arrives_in(terminal, mixed(400, seed=5, pool="αβγδεζηθικλμνξΩΣΔΦ"))
    after = ask_x(environment_of(terminal.desktop), "map")
    ordinary = 136 - 8
    assert after[:ordinary] == before[:ordinary]
    assert after[ordinary:] != before[ordinary:]


@pytest.fixture
def clipboard(desktop: DesktopEnvironment) -> Iterator[Callable[[str | None], str]]:
    """Sets the CLIPBOARD to a text, or reads it when given None."""
    needs("xclip")
    environment = environment_of(desktop)

    def use(text: str | None = None) -> str:
        if text is None:
            read = ["xclip", "-selection", "clipboard", "-out"]
            return subprocess.run(read, env=environment, capture_output=True, check=False, timeout=9).stdout.decode()
        give = ["xclip", "-selection", "clipboard", "-in"]
        quiet = subprocess.DEVNULL
        subprocess.run(give, input=text.encode(), env=environment, check=True, timeout=9, stdout=quiet, stderr=quiet)
        return text

    yield use
    use("nothing")


CLIPBOARD_TEXT = many_characters(2000, distinct=1500)


def test_with_more_characters_than_keys_it_is_pasted_into_a_terminal(
    terminal: Terminal, clipboard: Callable[[str | None], str]
) -> None:
    old = clipboard("former żółw\nof two lines 😀")
    arrives_in(terminal, CLIPBOARD_TEXT)
    until(lambda: clipboard(None) == old, "the former text of the clipboard comes back")


def test_with_more_characters_than_keys_it_is_pasted_into_an_editor(
    open_editor: Callable[[str], Editor], clipboard: Callable[[str | None], str]
) -> None:
    old = clipboard("former")
    with open_editor("") as editor:
        effect = editor.desktop.act(Type(text=CLIPBOARD_TEXT), editor.desktop.observe())
        assert effect.status == "done"
        assert_same(editor.saved(), CLIPBOARD_TEXT)
    until(lambda: clipboard(None) == old, "the former text of the clipboard comes back")


def test_a_text_longer_than_one_paste_arrives_in_an_editor(open_editor: Callable[[str], Editor]) -> None:
    text = many_characters(70_000, distinct=3000)
    with open_editor("") as editor:
        effect = editor.desktop.act(Type(text=text), editor.desktop.observe())
        assert effect.status == "done"
        assert_same(editor.saved(), text)


def test_a_paste_that_nobody_takes_is_unknown_and_says_so(desktop: DesktopEnvironment) -> None:
    """A window that knows no shift+insert takes nothing: that is not hidden."""
    with Program(desktop, [python_with_tk(), "-c", "import tkinter; tkinter.Tk().mainloop()"]):
        effect = desktop.act(Type(text=many_characters(500, distinct=499)), desktop.observe())
    assert effect.status == "unknown"
    assert effect.reason == "no program took the text from the clipboard after 0 of 500 characters"


@pytest.mark.parametrize("layout", ["de", "fr", "pl", "ru", "us,de"])
def test_on_another_keyboard_layout_the_same_text_arrives(
    tmp_path: Path, layout: str, private_desktop: DesktopEnvironment
) -> None:
    needs("setxkbmap")
    subprocess.run(["setxkbmap", layout], env=environment_of(private_desktop), check=True, timeout=9)
    with Terminal(private_desktop, tmp_path / "layout.txt") as terminal:
        arrives_in(terminal, f"{TORTURE} yzqaw @€[]{{}} Zażółć")


def test_on_the_second_of_two_layouts_the_same_text_arrives(
    tmp_path: Path, private_desktop: DesktopEnvironment
) -> None:
    needs("setxkbmap")
    environment = environment_of(private_desktop)
    subprocess.run(["setxkbmap", "us,ru", "-option", "grp:win_space_toggle"], env=environment, check=True, timeout=9)
    with Terminal(private_desktop, tmp_path / "layout.txt") as terminal:
        arrives_in(terminal, TORTURE)
        private_desktop.act(Hotkey(keys=("super", "space")), private_desktop.observe())
        assert ask_x(environment, "pointer")["mask"] >> 13 & 3 == 1, "the second layout is on"
        text = f"{TORTURE} Привет abc ABC"
        private_desktop.act(Type(text=text, submit=True), private_desktop.observe())
        terminal.wait_for(f"{TORTURE}\n{text}\n")
        assert ask_x(environment, "pointer")["mask"] >> 13 & 3 == 1


def test_the_pool_is_as_mixed_as_it_claims() -> None:
    assert len({unicodedata.name(character).split()[0] for character in POOL if character.strip()}) > 20
    assert len(set(CLIPBOARD_TEXT)) > 300


def test_text_goes_where_the_focus_is(desktop: DesktopEnvironment, tmp_path: Path) -> None:
    with Terminal(desktop, tmp_path / "one") as one, Terminal(desktop, tmp_path / "two") as two:
        arrives_in(two, "second")
        assert one.text() == ""
