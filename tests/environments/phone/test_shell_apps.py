"""am, monkey, pm, cmd package and the broadcasts."""

import base64
import re
import shlex

import pytest
from hypothesis import given
from hypothesis import strategies as st

from environments.phone.device import Focus
from tests.environments.phone.recording_device import ADB_KEYBOARD, LATIN, Console

SETTINGS = "com.android.settings"


def test_start_by_component() -> None:
    console = Console()
    assert console.ok(f"am start -n {SETTINGS}/.Settings") == f"Starting: Intent {{ cmp={SETTINGS}/.Settings }}\n"
    assert console.device.events == [("start", SETTINGS, f"{SETTINGS}.Settings", "", "")]
    assert console.device.focus == Focus(SETTINGS, f"{SETTINGS}.Settings")


def test_start_and_wait() -> None:
    console = Console()
    out = console.ok(f"am start  -W -n {SETTINGS}/{SETTINGS}.Settings")
    assert re.fullmatch(
        rf"Starting: Intent {{ cmp={SETTINGS}/.Settings }}\nStatus: ok\nLaunchState: COLD\n"
        rf"Activity: {SETTINGS}/.Settings\nTotalTime: \d+\nWaitTime: \d+\nComplete\n",
        out,
    )
    again = console.ok(f"am start -W -n {SETTINGS}/.Settings")
    assert "\nWarning: Activity not started, its current task has been brought to the front\nStatus: ok\n" in again
    assert console.run(f"am start -n {SETTINGS}/.Settings")[2].startswith(b"Warning: Activity not started")


def test_start_afresh() -> None:
    console = Console()
    out = console.ok(f"am start -S -W -n {SETTINGS}/.Settings")
    assert out.startswith(f"Stopping: {SETTINGS}\nStarting: Intent {{ cmp={SETTINGS}/.Settings }}\nStatus: ok\n")
    assert [event[0] for event in console.device.events] == ["stop", "start"]


def test_start_what_there_is_not() -> None:
    console = Console()
    code, out, err = console.run("am start -n com.foo/.Bar")
    assert (code, out) == (1, b"Starting: Intent { cmp=com.foo/.Bar }\n")
    assert err == b"Error type 3\nError: Activity class {com.foo/com.foo.Bar} does not exist.\n"
    code, out, err = console.run(f"am start -W -n {SETTINGS}/.Nope")
    assert (code, err) == (1, b"")
    assert out.endswith(f"Error: Activity class {{{SETTINGS}/{SETTINGS}.Nope}} does not exist.\n".encode())
    code, out, err = console.run("am start -a VIEW -d foo://bar")
    intent = b"Intent { act=VIEW dat=foo://bar flg=0x10000000 }"
    assert (code, out, err) == (
        1,
        b"Starting: " + intent + b"\n",
        b"Error: Activity not started, unable to resolve " + intent + b"\n",
    )


def test_start_by_url() -> None:
    console = Console()
    out = console.ok("am start -a android.intent.action.VIEW -d 'https://example.com:8080/a/b?c=d&e=$(f)'")
    assert (
        out == "Starting: Intent { act=android.intent.action.VIEW dat=https://example.com:8080/... flg=0x10000000 }\n"
    )
    assert console.device.events == [
        ("start", "", "", "android.intent.action.VIEW", "https://example.com:8080/a/b?c=d&e=$(f)")
    ]


def test_going_home() -> None:
    console = Console()
    code, out, err = console.run("am start -a android.intent.action.MAIN -c android.intent.category.HOME")
    assert (code, out) == (
        0,
        b"Starting: Intent { act=android.intent.action.MAIN cat=[android.intent.category.HOME] }\n",
    )
    assert err.startswith(b"Warning: Activity not started, its current task has been brought to the front")
    assert console.device.events == [("key", 3)]


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("am start", "No intent supplied"),
        ("am start -n foo", "Bad component name: foo"),
        ("am start -Q", "Unknown option: -Q"),
        ("am start -n", 'Argument expected after "-n"'),
        ("am start -f xyz -n a/b", 'For input string: "xyz"'),
        ("am broadcast -a ADB_INPUT_B64 --es msg", 'Argument expected after "msg"'),
        ("am force-stop", "Argument expected"),
    ],
)
def test_bad_arguments(line: str, words: str) -> None:
    console = Console()
    code, _out, err = console.run(line)
    assert code == 255
    assert words in err.decode()
    assert console.device.events == []


def test_data_that_may_be_private_is_not_printed() -> None:
    assert "dat=tel:xxxxxxxx " in Console().run("am start -a android.intent.action.DIAL -d tel:55501234")[1].decode()


def test_stopping() -> None:
    console = Console()
    console.ok(
        f"am start -n {SETTINGS}/.Settings; am kill {SETTINGS}; am force-stop --user 0 org.example.notes; "
        f"am force-stop {SETTINGS}"
    )
    assert console.device.events[1:] == [
        ("stop", "org.example.notes"),
        ("stop", SETTINGS),
    ]  # kill spares what is in front
    assert console.device.focus == Focus("com.android.launcher", "com.android.launcher.Home")


def test_tasks() -> None:
    console = Console()
    console.ok(f"am start -n {SETTINGS}/.Settings")
    visible = console.ok("am stack list | grep -E visible=true")
    found = re.fullmatch(
        rf"  taskId=(\d+): {SETTINGS}/{SETTINGS}\.Settings bounds=\[0,0\]\[1080,2400\] userId=0 visible=true "
        rf"topActivity=ComponentInfo{{{SETTINGS}/{SETTINGS}\.Settings}}\n",
        visible,
    )
    assert found
    console.ok(f"am stack remove {found[1]}")
    assert console.device.events[-1] == ("stop", SETTINGS)
    assert console.ok("am get-current-user; am task lock stop") == "0\nActivity manager is not in lockTaskMode\n"


def test_what_is_refused() -> None:
    console = Console()
    assert (
        "Unable to find instrumentation info for: ComponentInfo{a.b/a.b.Runner}"
        in console.run("am instrument -w a.b/.Runner")[1].decode()
    )
    assert console.run("am startservice -n a/.B") == (
        255,
        b"Starting service: Intent { cmp=a/.B }\n",
        b"Error: Not found; no service started.\n",
    )
    assert console.run("am fly")[:2] == (255, b"Unknown command: fly\n")
    for line in (
        "app_process -Djava.class.path=/data/local/tmp/yadb /data/local/tmp com.ysbing.yadb.Main",
        "screenrecord /sdcard/a.mp4",
        "su -c id",
        "reboot",
        "sqlite3 a.db .tables",
    ):
        code, out, err = console.run(line)
        assert (code, out) == (1, b"")
        assert err


def test_monkey() -> None:
    console = Console()
    out = console.ok("monkey -p org.example.notes -c android.intent.category.LAUNCHER 1")
    assert "Events injected: 1\n" in out
    assert console.device.focus == Focus("org.example.notes", "org.example.notes.Main")
    for package in ("com.none", "com.android.inputmethod.latin"):
        code, out_bytes, _err = console.run(f"monkey -p {package} -c android.intent.category.LAUNCHER 1")
        assert code == 252
        assert out_bytes.endswith(b"** No activities found to run, monkey aborted.\n")
    assert len(console.device.events) == 1


# -- broadcasts --------------------------------------------------------------------------------------------------------


def with_keyboard() -> Console:
    console = Console()
    console.ok(f"ime enable {ADB_KEYBOARD}; ime set {ADB_KEYBOARD}")
    return console


@given(st.text(st.characters(exclude_categories=["Cs"]), min_size=1))
def test_any_text_through_the_adb_keyboard(text: str) -> None:
    console = with_keyboard()
    out = console.ok(f"am broadcast -a ADB_INPUT_B64 --es msg {base64.b64encode(text.encode()).decode()}")
    assert (
        out == "Broadcasting: Intent { act=ADB_INPUT_B64 flg=0x400000 (has extras) }\nBroadcast completed: result=0\n"
    )
    assert console.device.field == text


def test_the_other_words_of_the_adb_keyboard() -> None:
    console = with_keyboard()
    console.ok("am broadcast -a ADB_INPUT_TEXT --es msg 'Łódź 你好'")
    console.ok("am broadcast -a ADB_INPUT_CHARS --eia chars '128568,32,67'")
    assert console.device.field == "Łódź 你好😸 C"
    console.ok("am broadcast -a ADB_INPUT_CODE --ei code 67; am broadcast -a ADB_EDITOR_CODE --ei code 3")
    assert console.device.events[-2:] == [("key", 67), ("key", 66)]
    assert console.ok("am broadcast -a ADB_CLEAR_TEXT").endswith("Broadcast completed: result=0\n")
    assert console.device.field == ""
    console.ok(
        "am broadcast -a ADB_INPUT_B64 --es msg '***'; am broadcast -a ADB_INPUT_B64 --es msg gIA=; "
        "am broadcast -a ADB_INPUT_CHARS --eia chars x,55296"
    )
    assert console.device.field == ""


@pytest.mark.parametrize(
    "line",
    [
        "ADB_INPUT_B64 --es msg aGk=",
        "ADB_INPUT_TEXT --es msg hi",
        "ADB_CLEAR_TEXT",
        "ADB_EDITOR_CODE --ei code 2",
        "ADB_KEYBOARD_INPUT_TEXT --es text aGk=",
        "org.example.UNKNOWN",
    ],
)
def test_without_that_keyboard_a_broadcast_completes_and_does_nothing(line: str) -> None:
    console = Console()
    assert console.ok(f"am broadcast -a {line}").endswith("Broadcast completed: result=0\n")
    console.ok(f"ime enable {ADB_KEYBOARD}; am broadcast -a {line}")
    assert console.device.events == []


def test_the_clipboard() -> None:
    console = Console()
    assert console.ok("am broadcast -a clipper.get").endswith("\nBroadcast completed: result=0\n")
    out = console.ok(f"am broadcast -a clipper.set -e text {shlex.quote('Test data $x')}")
    assert out.endswith('\nBroadcast completed: result=-1, data="Text is copied into clipboard."\n')
    assert console.device.clipboard == "Test data $x"
    assert console.ok("am broadcast -a clipper.get").endswith('\nBroadcast completed: result=-1, data="Test data $x"\n')


# -- packages ----------------------------------------------------------------------------------------------------------


def test_listing_packages() -> None:
    console = Console()
    assert console.ok("pm list packages") == (
        "package:com.android.launcher\npackage:com.android.settings\n"
        "package:com.android.inputmethod.latin\npackage:org.example.notes\n"
    )
    assert console.ok("pm list packages -3; cmd package list packages -3") == "package:org.example.notes\n" * 2
    assert "notes" not in console.ok("pm list packages -s")
    assert console.ok("pm list packages --user 0 settings") == "package:com.android.settings\n"
    line = console.ok("pm list packages -f -3").strip()
    assert re.fullmatch(r"package:/data/app/~~.*==/org\.example\.notes-.*==/base\.apk=org\.example\.notes", line)
    assert line.rpartition("=")[2] == "org.example.notes"
    assert console.ok("pm path org.example.notes").strip() == line.rpartition("=")[0]
    assert console.run("pm path com.none") == (1, b"", b"")
    assert "feature:android.hardware.touchscreen\n" in console.ok("pm list features")
    assert console.run("pm list nonsense") == (255, b"", b"Error: unknown list type 'nonsense'\n")


def test_clearing_and_permissions() -> None:
    console = Console()
    assert console.ok("pm clear org.example.notes") == "Success\n"
    assert console.device.events == [("stop", "org.example.notes")]
    assert console.run("pm clear com.none") == (1, b"Failed\n", b"")
    assert console.ok("pm grant org.example.notes android.permission.CAMERA") == ""
    assert b"Unknown package: com.none" in console.run("pm grant com.none android.permission.CAMERA")[2]


@pytest.mark.parametrize(
    "line", ["pm install -r -t /data/local/tmp/a.apk", "cmd package install -S 100", "pm install-create -r"]
)
def test_installing_is_refused(line: str) -> None:
    code, out, _err = Console().run(line)
    assert (code, out[:17]) == (1, b"Failure [INSTALL_")


def test_uninstalling_is_refused() -> None:
    console = Console()
    assert console.run("pm uninstall --user 0 org.example.notes")[:2] == (
        1,
        b"Failure [DELETE_FAILED_USER_RESTRICTED]\n",
    )
    assert console.run("pm uninstall com.none")[:2] == (1, b"Failure [DELETE_FAILED_INTERNAL_ERROR]\n")


def test_resolving_the_launcher_activity() -> None:
    console = Console()
    lines = console.ok("cmd package resolve-activity --brief org.example.notes").splitlines()
    assert lines[1] == "org.example.notes/.Main"
    assert console.ok("cmd package resolve-activity --brief com.none") == "No activity found\n"


def test_a_package_report() -> None:
    out = Console().ok("dumpsys package org.example.notes")
    assert "    versionName=2.1\n" in out
    assert re.search(r"versionCode=21 ", out)
    assert re.search(r"pkgFlags=\[ HAS_CODE .*\]", out)
    assert "firstInstallTime=2024-01-01 00:00:00\n" in out
    assert Console().ok("dumpsys package com.none") == "Unable to find package: com.none\n"
    assert "SYSTEM" in Console().ok("dumpsys package com.android.settings | grep pkgFlags")


def test_services_of_cmd() -> None:
    console = Console()
    assert console.run("cmd nonsense x") == (20, b"", b"cmd: Can't find service: nonsense\n")
    assert "  package\n" in console.ok("cmd -l")
    assert console.run("cmd clipboard get")[2] == b"No shell command implementation.\n"
    assert console.ok("cmd uimode night yes; cmd uimode night") == "Night mode: yes\nNight mode: yes\n"


def test_the_input_method_is_given_back() -> None:
    console = with_keyboard()
    assert console.ok(f"ime set {LATIN}") == f"Input method {LATIN} selected for user #0\n"
    assert console.device.input_method == LATIN
