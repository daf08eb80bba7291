"""The accessibility tree: what becomes of a dump, and what is refused."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from environments.android.adb import AdbShell
from environments.android.tree import (
    MAX_BYTES,
    MAX_DEPTH,
    MAX_NODES,
    BadTree,
    Dump,
    dump_tree,
    focused_field,
    parse_tree,
)
from environments.geometry import Box, Screen, Size
from environments.observation import Elements
from tests.environments.android.adb_server import AdbServer, ScriptedDevice

SIZE = Size(1080, 2400)
SCREEN = Screen(0, 0, 1080, 2400)
HEAD = "<?xml version='1.0' encoding='UTF-8' standalone='yes' ?>"
REAL = HEAD + (
    '<hierarchy rotation="0"><node index="0" text="" resource-id="" class="android.widget.FrameLayout" '
    'package="com.android.settings" content-desc="" checkable="false" checked="false" clickable="false" enabled="true" '
    'focusable="false" focused="false" scrollable="false" long-clickable="false" password="false" selected="false" '
    'bounds="[0,0][1080,2400]"><node index="0" text="Network &amp; internet" resource-id="android:id/title" '
    'class="android.widget.TextView" package="com.android.settings" content-desc="" checkable="false" checked="false" '
    'clickable="true" enabled="true" focusable="true" focused="false" scrollable="false" long-clickable="true" '
    'password="false" selected="false" bounds="[42,500][700,560]" />'
    '<node index="1" text="" resource-id="android:id/switch_widget" class="android.widget.Switch" '
    'package="com.android.settings" content-desc="Airplane mode" checkable="true" checked="true" clickable="true" '
    'enabled="true" focusable="false" focused="false" scrollable="false" long-clickable="false" password="false" '
    'selected="false" bounds="[900,500][1040,560]" /></node></hierarchy>'
)


def nodes(inner: str) -> Elements:
    return Elements(parse_tree(f"{HEAD}<hierarchy rotation='0'>{inner}</hierarchy>".encode(), SIZE, SCREEN))


def test_a_real_tree() -> None:
    root, title, switch = parse_tree(REAL.encode(), SIZE, SCREEN)
    assert (root.role, root.name, root.depth) == ("FrameLayout", "", 0)
    assert (title.role, title.name, title.text, title.depth) == (
        "TextView", "Network & internet", "Network & internet", 1,
    )  # fmt: skip
    assert title.bounds == Box(42, 500, 700, 560)
    assert title.states == {"clickable", "enabled", "focusable", "long_clickable"}
    assert (switch.name, switch.states) == ("Airplane mode", {"checkable", "checked", "clickable", "enabled"})


def test_bounds_are_pixels_of_the_screenshot() -> None:
    half = parse_tree(REAL.encode(), Size(540, 1200), SCREEN)
    assert half[1].bounds == Box(21, 250, 350, 280)
    assert half[0].bounds == Box(0, 0, 540, 1200)


def test_what_cannot_be_seen_is_left_out() -> None:
    seen = nodes(
        '<node class="a.A" bounds="[0,0][0,0]" text="empty">'
        '<node class="a.B" bounds="[-50,-50][20,30]" text="half"/></node>'
        '<node class="a.C" bounds="[1080,0][2000,50]" text="beside"/><node class="a.D" bounds="" text="nowhere"/>'
        '<node class="a.E" bounds="[0,0][5,5]" visible-to-user="false" text="hidden"/>'
    )
    assert [(node.text, node.bounds, node.depth) for node in seen] == [("half", Box(0, 0, 20, 30), 1)]


def test_names() -> None:
    seen = nodes(
        '<node class="android.widget.EditText" text="typed" resource-id="com.x:id/search" bounds="[0,0][9,9]"/>'
        '<node class="android.widget.ImageButton" text="" resource-id="com.x:id/send" bounds="[0,0][9,9]"/>'
        '<node class="android.widget.EditText" text="secret" password="true" focused="true" bounds="[0,0][9,9]"/>'
    )
    assert [(node.name, node.text) for node in seen] == [("search", "typed"), ("send", ""), ("", "")]
    assert "editable" in seen.nodes[0].states
    field = focused_field(seen)
    assert field is not None
    assert (field.text, "password" in field.states) == ("", True), "what it holds is nobody's business"


def test_the_field_with_the_focus() -> None:
    field = '<node class="x.EditText" focused="{}" text="{}" bounds="[0,0][9,9]"/>'
    found = focused_field(nodes(field.format("false", "a") + field.format("true", "b")))
    assert found is not None
    assert found.text == "b"
    assert focused_field(nodes(field.format("false", "a"))) is None
    assert focused_field(nodes('<node class="x.Button" focused="true" bounds="[0,0][9,9]"/>')) is None
    assert focused_field(Elements(absent="x")) is None


BOMB = '<!DOCTYPE h [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;&a;&a;">]>'
FILE = '<!DOCTYPE h [<!ENTITY f SYSTEM "file:///etc/passwd">]>'


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (HEAD + BOMB + "<hierarchy><node text='&b;'/></hierarchy>", "document type"),
        (HEAD + FILE + "<hierarchy><node text='&f;'/></hierarchy>", "document type"),
        (HEAD + "<!DOCTYPE h><hierarchy></hierarchy>", "document type"),
        (HEAD + "<?php x?><hierarchy></hierarchy>", "instruction"),
        (HEAD.encode().replace(b"UTF-8", b"utf-7").decode() + "<hierarchy>+AGEAPA-</hierarchy", "cut off"),
        (HEAD + "<hierarchy>&unknown;</hierarchy>", "no XML"),
        (HEAD + "<hierarchy><node></hierarchy>", "no XML"),
        (REAL[:500], "cut off"),
        ("UI hierchary dumped to: /dev/tty", "cut off"),
        ("", "cut off"),
        (HEAD + "<hierarchy>" + "<node bounds='[0,0][1,1]'>" * (MAX_DEPTH + 2) + "</hierarchy>", "deeper"),
        (HEAD + "<hierarchy>" + "<node bounds='[0,0][1,1]'/>" * (MAX_NODES + 1) + "</hierarchy>", "nodes"),
        (HEAD + "<hierarchy>" + " " * MAX_BYTES + "</hierarchy>", "bytes"),
    ],
)
def test_what_is_refused(data: str, reason: str) -> None:
    with pytest.raises(BadTree, match=reason):
        parse_tree(data.encode(), SIZE, SCREEN)
    assert reason in Dump(data.encode()).elements(SIZE, SCREEN).absent


@settings(max_examples=150, deadline=None)
@given(st.data())
def test_a_damaged_tree_is_a_tree_or_refused(data: st.DataObject) -> None:
    whole = bytearray(REAL.encode())
    for _ in range(data.draw(st.integers(1, 4))):
        whole[data.draw(st.integers(0, len(whole) - 1))] = data.draw(st.integers(0, 255))
    try:
        found = parse_tree(bytes(whole), SIZE, SCREEN)
    except BadTree:
        return
    for node in found:
        assert node.bounds is not None
        assert 0 <= node.bounds.left < node.bounds.right <= SIZE.width
        assert 0 <= node.bounds.top < node.bounds.bottom <= SIZE.height


def test_text_around_the_tree_is_no_harm() -> None:
    assert len(parse_tree(f"WARNING\n{REAL}UI hierchary dumped to: /dev/tty\n".encode(), SIZE, SCREEN)) == 3


def test_a_dump_leaves_no_file_behind(shell: AdbShell, device: ScriptedDevice) -> None:
    device.field_text = "żółw <&\"'\n😀"
    tree = dump_tree(shell).elements(Size(180, 320), Screen(0, 0, 180, 320))
    field = focused_field(tree)
    assert field is not None
    assert field.text == "żółw <&\"'\n😀"
    assert device.files == {}


def test_a_screen_that_keeps_moving_has_no_tree(shell: AdbShell, device: ScriptedDevice) -> None:
    device.idle = False
    dump = dump_tree(shell)
    assert dump.absent == "uiautomator gave no tree: ERROR: could not get idle state."
    assert dump.elements(SIZE, SCREEN) == Elements(absent=dump.absent)


def test_a_device_without_uiautomator(shell: AdbShell, device: ScriptedDevice) -> None:
    device.answers["uiautomator"] = (127, b"", b"/system/bin/sh: uiautomator: not found\n")
    assert "not found" in dump_tree(shell).absent


def test_a_tree_that_never_comes(shell: AdbShell, adb: AdbServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("environments.android.tree.DUMP_SECONDS", 0.2)
    shell.run(["echo"])
    adb.hang = True
    assert dump_tree(shell).absent == "uiautomator gave no tree within 0.2 s"
