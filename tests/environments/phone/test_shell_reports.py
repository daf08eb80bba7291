"""`dumpsys`: what public clients read out of it is there, in the form in which they look for it."""

import re

import pytest

from environments.geometry import Size
from environments.phone.device import Focus, Power
from tests.environments.phone.recording_device import Console

NOTES = Focus("org.example.notes", "org.example.notes.Main")


def on_notes() -> Console:
    console = Console()
    console.ok("am start -n org.example.notes/.Main")
    return console


def test_the_focus_in_every_report_that_clients_ask_for_it() -> None:
    console = on_notes()
    for line in ("dumpsys window", "dumpsys window windows", "dumpsys window displays", "dumpsys window d"):
        found = re.search(r"mCurrentFocus=Window{.*\s+(?P<package>[^\s]+)/(?P<activity>[^\s]+)\}", console.ok(line))
        assert found is not None, line
        assert found.groups() == NOTES, line
        assert "mFocusedApp=ActivityRecord{" in console.ok(line), line
    one = console.ok("dumpsys window windows | grep mCurrentFocus")
    assert re.fullmatch(
        r"  mCurrentFocus=Window\{[0-9a-f]{7} u0 org\.example\.notes/org\.example\.notes\.Main\}\n", one
    )
    assert re.search(
        r"mResumedActivity: ActivityRecord\{\w+ u0 org\.example\.notes/\.Main t\d+\}",
        console.ok("dumpsys activity activities"),
    )
    top = re.findall(r"ACTIVITY (\S+)/(\S+) (\S+) pid=(\d+)", console.ok("dumpsys activity top"))
    assert top[-1][:2] == ("org.example.notes", ".Main")
    assert int(top[-1][3]) == int(console.ok("pidof org.example.notes"))
    assert re.search(r"\bid=(\d+)", console.ok("dumpsys activity recents"))


def test_no_focus_and_a_locked_screen() -> None:
    console = on_notes()
    console.device.power = Power(awake=True, locked=True)
    assert re.search(r"mCurrentFocus=Window\{\w+ u0 NotificationShade\}", console.ok("dumpsys window displays"))
    assert "      showing=true\n" in console.ok("dumpsys window policy")
    console.device.focus, console.device.power = None, Power(awake=False, locked=False)
    assert "  mCurrentFocus=null\n" in console.ok("dumpsys window displays")
    assert "      showing=false\n" in console.ok("dumpsys window policy")


def test_a_secure_window_is_flagged_in_front_only() -> None:
    console = on_notes()
    assert "SECURE" not in console.ok("dumpsys window windows | grep fl=")
    console.device.secure = True
    flags = console.ok("dumpsys window windows | grep -E 'Window #|fl='").split("Window #")
    secure = [block for block in flags if "SECURE" in block]
    assert len(secure) == 1
    assert "org.example.notes/" in secure[0]


@pytest.mark.parametrize(("turns", "degrees"), [(0, 0), (1, 90), (2, 180), (3, 270)])
def test_rotation(turns: int, degrees: int) -> None:
    console = Console()
    console.device.rotation = turns
    width, height = (2400, 1080) if turns % 2 else (1080, 2400)
    assert f"mCurrentRotation=ROTATION_{degrees}\n" in console.ok("dumpsys window | grep mCurrentRotation")
    assert re.search(rf"DisplayFrames w={width} h={height} r={turns}\n", console.ok("dumpsys window displays"))
    assert f" cur={width}x{height} " in console.ok("dumpsys window displays")
    display = console.ok("dumpsys display")
    assert f"orientation={turns}," in display
    assert f"mCurrentOrientation={turns}\n" in display
    assert f"real {width} x {height}," in display
    assert f" rotation {turns}," in display
    assert f"logicalFrame=Rect(0, 0 - {width}, {height})" in display
    assert "physicalFrame=Rect(0, 0 - 1080, 2400)" in display
    devices = console.ok("dumpsys input")
    assert f" SurfaceOrientation: {turns}\n" in devices
    assert f" InputDeviceOrientation: Rotation{degrees}\n" in devices
    assert f"logicalFrame=[0, 0, {width}, {height}], physicalFrame=[0, 0, 1080, 2400]" in devices
    assert " PhysicalWidth: 1080px\n" in devices


def test_overrides_are_what_apps_see() -> None:
    console = Console()
    console.device.override_size, console.device.override_density = Size(720, 1600), 300
    assert "init=1080x2400 420dpi base=720x1600 300dpi cur=720x1600" in console.ok("dumpsys window displays")
    assert "density 300 " in console.ok("dumpsys display")


def test_the_screen_on_and_off() -> None:
    console = Console()
    assert console.ok("dumpsys display | grep mScreenState") == "  mScreenState=ON\n"
    assert "mHoldingDisplaySuspendBlocker=true" in console.ok("dumpsys power")
    assert "mScreenOnFully=true" in console.ok("dumpsys window policy")
    assert "screenState=SCREEN_STATE_ON" in console.ok("dumpsys window policy")
    console.device.power = Power(awake=False, locked=True, battery=17)
    assert console.ok("dumpsys display | grep mScreenState") == "  mScreenState=OFF\n"
    assert "mHoldingDisplaySuspendBlocker=false" in console.ok("dumpsys power")
    assert "mWakefulness=Asleep\n" in console.ok("dumpsys power")
    assert "mScreenOnFully=false" in console.ok("dumpsys window policy")
    assert "  level: 17\n" in console.ok("dumpsys battery")


def test_the_keyboard() -> None:
    console = Console()
    assert "mInputShown=false" in console.ok("dumpsys input_method")
    assert "InputMethod}" not in console.ok("dumpsys window windows | grep 'Window #'")
    console.device.keyboard_shown = True
    report = console.ok("dumpsys input_method")
    assert re.search(r"\bmInputShown=true\b", report)
    assert re.search(r"mCurMethodId=com\.android\.inputmethod\.latin/\.LatinIME\n", report)
    assert re.search(r"Window #\d Window\{\w+ u0 InputMethod\}", console.ok("dumpsys window windows"))


def test_other_services() -> None:
    console = Console()
    assert re.search(r"^  status: \d$", console.ok("dumpsys battery"), re.MULTILINE)
    assert "mCallState=0\n" in console.ok("dumpsys telephony.registry")
    assert "Wi-Fi is enabled\n" in console.ok("dumpsys wifi")
    assert "Total RAM:" in console.ok("dumpsys meminfo")
    assert console.ok("dumpsys meminfo com.none") == "No process found for: com.none\n"
    assert "  SurfaceFlinger\n" in console.ok("dumpsys -l")
    assert "DUMP OF SERVICE window:\n" in console.ok("dumpsys")
    assert console.run("dumpsys nonsense") == (0, b"", b"Can't find service: nonsense\n")
    assert console.ok("dumpsys -t 5 battery") == console.ok("dumpsys battery")
    assert console.ok("dumpsys window nonsense").startswith("Bad window command")
    assert console.ok("dumpsys activity nonsense").startswith("Bad activity command")


def test_reports_change_nothing_and_are_the_same_twice() -> None:
    console = on_notes()
    before = list(console.device.events)
    for service in re.findall(r"  (\S+)\n", console.ok("dumpsys -l")):
        assert console.ok(f"dumpsys {service}") == console.ok(f"dumpsys {service}"), service
    assert console.device.events == before
