"""screencap, uiautomator dump and wm."""

import io
import struct
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from environments.geometry import Box, Size
from environments.phone.device import Node
from environments.phone.shell.commands.screen import hierarchy_xml
from tests.environments.phone.recording_device import Console


def test_a_png_on_stdout_and_nothing_else() -> None:
    code, out, err = Console().run("screencap -p")
    assert (code, err) == (0, b"")
    with Image.open(io.BytesIO(out)) as image:
        assert image.size == (3, 2)
        assert image.convert("RGB").tobytes() == bytes(range(18))
    assert out.endswith(b"IEND\xaeB`\x82")


def test_raw_pixels_with_their_header() -> None:
    out = Console().run("screencap")[1]
    assert struct.unpack_from("<IIII", out) == (3, 2, 1, 1)
    assert out[16:24] == bytes([0, 1, 2, 255, 3, 4, 5, 255])
    assert len(out) == 16 + 3 * 2 * 4


def test_a_screenshot_in_a_file() -> None:
    console = Console()
    assert console.ok("screencap -p /sdcard/tmp.png && screencap /sdcard/a.png; screencap /sdcard/raw") == ""
    assert (
        console.files.read("/sdcard/tmp.png") == console.files.read("/sdcard/a.png") == console.run("screencap -p")[1]
    )
    assert console.files.read("/sdcard/raw") == console.run("screencap")[1]
    assert console.run("screencap -p /sdcard/no/x.png") == (
        1,
        b"",
        b"Error opening file: /sdcard/no/x.png (No such file or directory)\n",
    )
    assert console.run("screencap -p /x.png")[2] == b"Error opening file: /x.png (Read-only file system)\n"


def test_a_secure_window_gives_no_image() -> None:
    console = Console()
    console.device.secure = True
    for line in ("screencap -p", "screencap", "screencap -p /sdcard/s.png"):
        assert console.run(line) == (1, b"", b"Failed to take screenshot. Status: -1\n")
    assert console.files.stat("/sdcard/s.png") is None


def test_displays() -> None:
    console = Console()
    assert console.run("screencap -d 4619827259835644672 -p")[1] == console.run("screencap -p")[1]
    assert console.run("screencap -d 7 -p") == (1, b"", b"Display Id '7' is not valid.\n")
    console.device.displays = ("4619827259835644672", "4619827551948147201")
    code, out, err = console.run("screencap -p")
    assert (code, out[:4]) == (0, b"\x89PNG")
    assert err.startswith(b"[Warning] Multiple displays were found, but no display id was specified!")
    assert console.run("screencap -d 4619827551948147201 -p")[2] == b""
    assert console.ok("dumpsys SurfaceFlinger --display-id") == (
        'Display 4619827259835644672 (HWC display 0): port=0 pnpId=GGL displayName="EMU_display_0"\n'
        'Display 4619827551948147201 (HWC display 1): port=1 pnpId=GGL displayName="EMU_display_1"\n'
    )


# -- uiautomator -------------------------------------------------------------------------------------------------------

TREE = Node(
    "android.widget.FrameLayout",
    Box(0, 0, 1080, 2400),
    package="org.example.notes",
    children=(
        Node(
            "android.widget.TextView",
            Box(10, 20, 200, 80),
            text='Tom & "Ann" <x>',
            package="org.example.notes",
            resource_id="org.example.notes:id/title",
            content_desc="it's",
            clickable=True,
            long_clickable=True,
        ),
        Node(
            "android.widget.EditText", Box(0, 100, 500, 180), text="geheim", password=True, focusable=True, focused=True
        ),
        Node(
            "android.widget.Switch",
            Box(0, 200, 500, 280),
            checkable=True,
            checked=True,
            enabled=False,
            selected=True,
            children=(Node("android.view.View", Box(1, 2, 3, 4), scrollable=True),),
        ),
    ),
)


def test_the_dump_as_android_writes_it() -> None:
    console = Console()
    console.device.tree, console.device.rotation = TREE, 1
    assert console.run("uiautomator dump") == (0, b"UI hierchary dumped to: /sdcard/window_dump.xml\n", b"")
    off = 'checkable="false" checked="false" clickable="false" enabled="true" focusable="false" focused="false" '
    rest = 'scrollable="false" long-clickable="false" password="false" selected="false" '
    assert console.files.read("/sdcard/window_dump.xml").decode() == (
        "<?xml version='1.0' encoding='UTF-8' standalone='yes' ?><hierarchy rotation=\"1\">"
        '<node index="0" text="" resource-id="" class="android.widget.FrameLayout" package="org.example.notes" '
        f'content-desc="" {off}{rest}bounds="[0,0][1080,2400]">'
        '<node index="0" text=\'Tom &amp; "Ann" &lt;x&gt;\' resource-id="org.example.notes:id/title" '
        'class="android.widget.TextView" package="org.example.notes" content-desc="it\'s" checkable="false" '
        'checked="false" clickable="true" enabled="true" focusable="false" focused="false" scrollable="false" '
        'long-clickable="true" password="false" selected="false" bounds="[10,20][200,80]" />'
        '<node index="1" text="••••••" resource-id="" class="android.widget.EditText" package="" content-desc="" '
        'checkable="false" checked="false" clickable="false" enabled="true" focusable="true" focused="true" '
        'scrollable="false" long-clickable="false" password="true" selected="false" bounds="[0,100][500,180]" />'
        '<node index="2" text="" resource-id="" class="android.widget.Switch" package="" content-desc="" '
        'checkable="true" checked="true" clickable="false" enabled="false" focusable="false" focused="false" '
        'scrollable="false" long-clickable="false" password="false" selected="true" bounds="[0,200][500,280]">'
        f'<node index="0" text="" resource-id="" class="android.view.View" package="" content-desc="" {off}'
        'scrollable="true" long-clickable="false" password="false" selected="false" bounds="[1,2][3,4]" />'
        "</node></node></hierarchy>"
    )


def test_where_the_dump_goes() -> None:
    console = Console()
    document = hierarchy_xml(console.device.tree, 0).encode()
    assert (
        console.ok("uiautomator dump /sdcard/a.xml && echo success")
        == "UI hierchary dumped to: /sdcard/a.xml\nsuccess\n"
    )
    assert console.files.read("/sdcard/a.xml") == document
    assert console.run("uiautomator dump /dev/tty")[1] == document + b"UI hierchary dumped to: /dev/tty\n"
    assert (
        console.run("uiautomator dump --compressed /data/local/tmp/x.xml > /dev/null; cat /data/local/tmp/x.xml")[1]
        == document
    )
    assert b"FileNotFoundException" in console.run("uiautomator dump /nope/x.xml")[2]


def test_a_screen_that_keeps_moving_has_no_dump_but_exits_with_0() -> None:
    console = Console()
    console.device.moving = True
    assert console.run("uiautomator dump; echo $?") == (0, b"0\n", b"ERROR: could not get idle state.\n")
    assert console.files.stat("/sdcard/window_dump.xml") is None


def test_a_screen_that_moves_for_a_moment_is_waited_for() -> None:
    console = Console()
    console.device.moving = True
    sleep = console.device.clock.sleep

    def settle(seconds: float) -> None:
        sleep(seconds)
        console.device.moving = len(console.device.clock.slept) < 5

    console.device.clock.sleep = settle  # type: ignore[method-assign]
    assert console.ok("uiautomator dump").startswith("UI hierchary dumped to")
    assert len(console.device.clock.slept) == 5


@given(st.text(), st.text())
def test_any_text_makes_sound_xml(text: str, description: str) -> None:
    document = hierarchy_xml(Node("a.B", Box(0, 0, 1, 1), text=text, content_desc=description), 0)
    node = ElementTree.fromstring(document.encode())[0]  # noqa: S314 - made a line above
    for found, given_text in ((node.get("text"), text), (node.get("content-desc"), description)):
        assert found is not None
        assert len(found) == len(given_text)
        for char, original in zip(found, given_text, strict=True):
            assert char in (original, ".")


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("a\nb\tc\r", "a&#10;b&#9;c&#13;"),
        ("🙂", "&#128578;"),
        ("\x00\x01\x1f\x7f\ufffe\ud800", "......"),
        ("zł 语", "zł 语"),
        ("a'b\"c", None),
    ],
)
def test_escapes(text: str, written: str | None) -> None:
    document = hierarchy_xml(Node("a.B", Box(0, 0, 1, 1), text=text), 0)
    assert (f'text="{written}"' if written else "text='a&apos;b\"c'") in document


def test_a_deep_tree_is_written() -> None:
    node = Node("a.B", Box(0, 0, 1, 1))
    for _ in range(5000):
        node = Node("a.B", Box(0, 0, 1, 1), children=(node,))
    assert hierarchy_xml(node, 0).count("</node>") == 5000


# -- wm ----------------------------------------------------------------------------------------------------------------


def test_size_and_density() -> None:
    console = Console()
    assert console.ok("wm size") == "Physical size: 1080x2400\n"
    assert console.ok("wm density") == "Physical density: 420\n"
    assert console.ok("wm size 720x1600; wm size") == "Physical size: 1080x2400\nOverride size: 720x1600\n"
    assert console.device.override_size == Size(720, 1600)
    assert console.ok("wm density 320; wm density") == "Physical density: 420\nOverride density: 320\n"
    assert console.ok("wm size reset; wm density reset; cmd window size") == "Physical size: 1080x2400\n"
    assert (console.device.override_size, console.device.override_density) == (None, None)


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("wm size 9", b"Error: bad size 9\n"),
        ("wm size ax9", b"Error: bad number a\n"),
        ("wm density x", b"Error: bad number x\n"),
        ("wm density 10", b"Error: density must be >= 72\n"),
        ("wm size 9x9", b"width and height must be"),
        ("wm size 99999999999x9", b"Error: bad number 99999999999\n"),
        ("wm user-rotation lock 9", b"rotation must be"),
    ],
)
def test_sizes_that_are_none(line: str, words: bytes) -> None:
    console = Console()
    code, out, err = console.run(line)
    assert (code, out) == (255, b"")
    assert words in err
    assert (console.device.override_size, console.device.override_density) == (None, None)


def test_user_rotation() -> None:
    console = Console()
    assert console.ok("wm user-rotation") == "lock 0\n"
    console.ok("wm user-rotation lock 1")
    assert console.device.setting("system", "user_rotation") == "1"
    assert console.ok("wm user-rotation") == "lock 1\n"
    console.ok("wm user-rotation free")
    assert console.ok("wm user-rotation") == "free\n"
    assert console.run("wm fly")[:2] == (255, b"Unknown command: fly\n")
