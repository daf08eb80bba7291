"""Text that arrives: by keys, by an input method that is put back whatever happens, or by the clipboard."""

import os
import signal
import subprocess
import sys
import textwrap
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from environments.action import Type
from environments.android.driver import AndroidEnvironment
from environments.android.input_method import REMEMBERED
from environments.errors import InvalidAction
from environments.stop import Stop
from tests.environments.android.adb_server import ADB_IME, LATIN, AdbServer, ScriptedDevice, wait_until

HARD = "żółw <br/> ツ 😀 \"';\\ $(reboot) `id` %s 100%sure\n👨‍👩‍👧\tlast"
CURRENT = "secure default_input_method"


def type_text(android: AndroidEnvironment, text: str, **options: bool) -> str:
    effect = android.act(Type(text=text, **options), android.observe())
    assert (effect.status, effect.reason) == ("done", "")
    return effect.note


@pytest.mark.parametrize("text", ["plain", "a b", "%s", "100%sure %%s", "$(x) `y` ';\"\\&|<>*?~#", "x" * 1000, HARD])
def test_what_is_typed_arrives(android: AndroidEnvironment, device: ScriptedDevice, text: str) -> None:
    assert type_text(android, text) == ""
    assert device.field_text == text.replace("\t", "") if text.isascii() else text
    assert device.settings == {CURRENT: LATIN}
    assert device.input_methods == {LATIN: True, ADB_IME: False}


def test_enter_at_the_end(android: AndroidEnvironment, device: ScriptedDevice) -> None:
    type_text(android, "ż", submit=True)
    assert device.field_text == "ż\n"


def test_clearing_first(android: AndroidEnvironment, device: ScriptedDevice) -> None:
    device.field_text = "old words that were here " * 20
    assert type_text(android, "new", clear=True) == ""
    assert device.field_text == "new"
    device.password = True
    type_text(android, "pin", clear=True)
    assert device.field_text == "pin", "what cannot be counted is deleted all the same"


def test_plain_text_leaves_the_input_method_alone(android: AndroidEnvironment, device: ScriptedDevice) -> None:
    type_text(android, "only keys\n")
    assert not [argv for argv in device.ran if argv[0] in ("ime", "settings", "am")]


def test_an_input_method_in_place_is_used_as_it_is(android: AndroidEnvironment, device: ScriptedDevice) -> None:
    device.settings[CURRENT] = ADB_IME
    type_text(android, "żółw")
    assert device.field_text == "żółw"
    assert device.settings == {CURRENT: ADB_IME}
    assert not [argv for argv in device.ran if argv[:2] == ["ime", "set"]]


def test_long_text_arrives_in_pieces(android: AndroidEnvironment, device: ScriptedDevice) -> None:
    text = "żółw 👨‍👩‍👧 " * 800
    assert type_text(android, text) == ""
    assert device.field_text == text
    assert len([argv for argv in device.ran if "ADB_INPUT_B64" in argv]) > 3


def test_the_clipboard_takes_the_place_of_an_input_method(android: AndroidEnvironment, device: ScriptedDevice) -> None:
    del device.input_methods[ADB_IME]
    device.packages += ("ca.zgrs.clipper",)
    type_text(android, "żółw 'quoted' $x")
    assert device.field_text == "żółw 'quoted' $x"


def test_an_untypable_text_is_an_error_before_the_first_key(
    android: AndroidEnvironment, device: ScriptedDevice
) -> None:
    del device.input_methods[ADB_IME]
    device.field_text = "old"
    seen = android.observe()
    with pytest.raises(InvalidAction, match="no input method") as caught:
        android.act(Type(text="abc ż", clear=True), seen)
    assert "ADBKeyBoard" in caught.value.fix
    with pytest.raises(InvalidAction, match="cannot be typed"):
        android.act(Type(text="a\0b"), seen)
    assert device.field_text == "old"
    assert not [argv for argv in device.ran if argv[0] == "input"]


def test_a_text_that_did_not_arrive_is_noted(android: AndroidEnvironment, device: ScriptedDevice) -> None:
    device.answers["input text hello"] = (0, b"", b"")
    assert type_text(android, "hello") == "the field holds '', where 'hello' was typed"
    device.password = True
    assert type_text(android, "hello") == "", "what a password field holds is not read"
    device.idle = False
    assert type_text(android, "hello") == ""


def test_a_text_that_no_field_takes_is_noted(android: AndroidEnvironment, device: ScriptedDevice) -> None:
    device.focused = False
    assert "no text field has the focus" in type_text(android, "hello")


@pytest.mark.parametrize("refused", ["ime set", "ime enable", "settings put"])
def test_an_input_method_that_is_refused(android: AndroidEnvironment, device: ScriptedDevice, refused: str) -> None:
    words = {"ime set": f"ime set {ADB_IME}", "ime enable": f"ime enable {ADB_IME}",
             "settings put": f"settings put global {REMEMBERED} {LATIN},{ADB_IME}"}[refused]  # fmt: skip
    device.answers[words] = (255, b"", b"java.lang.SecurityException: not allowed\n")
    effect = android.act(Type(text="ż"), android.observe())
    assert effect.status == "not_sent"
    assert "not allowed" in effect.reason
    assert device.field_text == ""
    assert device.settings == {CURRENT: LATIN}


def test_a_lost_broadcast_is_unknown_and_not_repeated(
    android: AndroidEnvironment, adb: AdbServer, device: ScriptedDevice
) -> None:
    seen = android.observe()
    adb.fault = lambda request, answer: answer[:6] if "ADB_INPUT_B64" in request else None
    effect = android.act(Type(text="żółw"), seen)
    assert effect.status == "unknown"
    assert device.field_text == "żółw"
    assert device.settings == {CURRENT: LATIN}


def test_a_stop_puts_the_input_method_back(android: AndroidEnvironment, device: ScriptedDevice) -> None:
    stop = Stop()
    device.before = lambda argv: stop.set("enough") if "ADB_INPUT_B64" in argv else None
    effect = android.act(Type(text="ż" * 5000), android.observe(), stop=stop)
    assert effect.status == "unknown"
    assert "enough" in effect.reason
    assert "2000 characters" in effect.reason
    assert device.settings == {CURRENT: LATIN}


def test_a_device_lost_while_typing_keeps_what_to_put_back(
    android: AndroidEnvironment, adb: AdbServer, device: ScriptedDevice
) -> None:
    seen = android.observe()
    device.before = lambda argv: adb.states.clear() if "ADB_INPUT_B64" in argv else None
    effect = android.act(Type(text="ż"), seen)
    assert "put back when the device is opened again" in effect.note
    assert device.settings["global " + REMEMBERED] == f"{LATIN},{ADB_IME}"


KILLED = """
    import sys
    from environments.action import Type
    from environments.android.connection import Server
    from environments.android.driver import AndroidEnvironment

    android = AndroidEnvironment(server=Server("127.0.0.1", int(sys.argv[1])))
    print("ready", flush=True)
    android.act(Type(text="żółw"), android.observe())
"""


def test_a_kill_in_between_is_mended_by_the_next_start(
    open_device: Callable[..., AndroidEnvironment], adb: AdbServer, device: ScriptedDevice
) -> None:
    typing, killed = threading.Event(), threading.Event()

    def hold(argv: list[str]) -> None:
        if "ADB_INPUT_B64" in argv:
            typing.set()
            killed.wait(20)

    device.before = hold
    child = subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(KILLED), str(adb.server.port)], cwd=Path(__file__).parents[3]
    )
    assert typing.wait(20)
    os.kill(child.pid, signal.SIGKILL)
    child.wait()
    killed.set()
    device.before = None
    wait_until(lambda: device.field_text == "żółw" or bool(device.field_text))
    assert device.settings[CURRENT] == ADB_IME, "the phone was left with the wrong keyboard"
    open_device()
    assert device.settings == {CURRENT: LATIN}
    assert device.input_methods == {LATIN: True, ADB_IME: False}


@pytest.mark.parametrize("kept", ["", "null", "rubbish; reboot,", ",", "a b/c d,x"])
def test_what_was_remembered_is_not_believed(
    open_device: Callable[..., AndroidEnvironment], device: ScriptedDevice, kept: str
) -> None:
    device.settings["global " + REMEMBERED] = kept
    open_device()
    assert device.settings[CURRENT] == LATIN
    assert not [argv for argv in device.ran if argv[0] == "ime"]
