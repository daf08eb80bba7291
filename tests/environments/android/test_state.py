"""What dumpsys says, in the words of several versions of Android."""

import pytest

from environments.android.adb import AdbShell
from environments.android.state import LOCKED, READS, SCREEN_OFF, DeviceState, StateReader, is_secure, parse_state
from environments.errors import CaptureFailed
from environments.geometry import Size
from environments.observation import Window
from tests.environments.android.adb_server import ScriptedDevice

ANDROID_13 = """\
WINDOW MANAGER DISPLAY CONTENTS (dumpsys window displays)
  Display: mDisplayId=0 (organized)
    init=1080x2400 420dpi mMinSizeOfResizeableTaskDp=220 cur=1080x2400 app=1080x2272 rng=1080x1017-2337x2272
    mCurrentFocus=Window{4e0bd1f u0 com.android.settings/com.android.settings.Settings}
    mFocusedApp=ActivityRecord{8d1f2a u0 com.android.settings/.Settings t7}
    DisplayFrames w=1080 h=2400 r=0
    mCurrentRotation=ROTATION_0
  Display: mDisplayId=2 (organized)
    init=1920x1080 320dpi cur=1920x1080 app=1920x1080
    mCurrentFocus=Window{aaaa u0 com.other/com.other.Presentation}
    DisplayFrames w=1920 h=1080 r=1
      KeyguardServiceDelegate
        showing=false
        screenState=SCREEN_STATE_ON
  mWakefulness=Awake
  mInputShown=true
"""


def test_android_13() -> None:
    window = Window("com.android.settings/com.android.settings.Settings", "com.android.settings",
                    "com.android.settings.Settings")  # fmt: skip
    assert parse_state(ANDROID_13) == DeviceState(
        size=Size(1080, 2400), rotation=0, window=window, keyboard_shown=True, awake=True, locked=False
    )


@pytest.mark.parametrize(
    ("rotation", "expected"),
    [
        ("mCurrentRotation=ROTATION_270", 3),
        ("mCurrentRotation=1", 1),
        ("DisplayFrames w=1 h=2 r=2", 2),
        ("mRotation=ROTATION_90 mDeferredRotationPauseCount=0", 1),
        ("mCurrentOrientation=3", 3),
        ("SurfaceOrientation: 1", 1),
        ("InputDeviceOrientation: Rotation180", 2),
        ("Viewport INTERNAL: displayId=0, port=0, orientation=1, logicalFrame", 1),
    ],
)
def test_rotations(rotation: str, expected: int) -> None:
    state = parse_state(f"Physical size: 1080x2400\n{rotation}\n")
    assert state is not None
    assert state.rotation == expected
    assert state.size == (Size(2400, 1080) if expected % 2 else Size(1080, 2400))


def test_sizes() -> None:
    state = parse_state("Physical size: 1080x2400\nOverride size: 720x1600\nmRotation=0\n")
    assert state is not None
    assert state.size == Size(720, 1600)
    assert parse_state("Physical size: 1080x2400\n") is None
    assert parse_state("mRotation=0\n") is None
    assert parse_state("") is None


@pytest.mark.parametrize(
    ("focus", "window"),
    [
        ("mCurrentFocus=Window{1 u0 com.x/.Main}", ("com.x/com.x.Main", "com.x", "com.x.Main")),
        ("mCurrentFocus=Window{1 com.x/com.y.Main}", ("com.x/com.y.Main", "com.x", "com.y.Main")),
        (
            "mCurrentFocus=null\nmFocusedApp=ActivityRecord{8d u0 com.x/.Main t7}",
            ("com.x/com.x.Main", "com.x", "com.x.Main"),
        ),
        (
            "mCurrentFocus=null\nmFocusedApp=AppWindowToken{a token=Token{b ActivityRecord{8d u0 com.x/.Main t7}}}",
            ("com.x/com.x.Main", "com.x", "com.x.Main"),
        ),
        (
            "mCurrentFocus=Window{1 u0 Application Not Responding: com.x}\nmFocusedApp=Record{8 u0 com.x/.M t7}",
            ("com.x/Application Not Responding: com.x", "com.x", "Application Not Responding: com.x"),
        ),
        (
            "mCurrentFocus=Window{1 u0 NotificationShade}",
            ("NotificationShade/", "NotificationShade", "NotificationShade"),
        ),
        ("mCurrentFocus=null\nmFocusedApp=null", None),
    ],
)
def test_what_is_in_front(focus: str, window: tuple[str, str, str] | None) -> None:
    state = parse_state(f"cur=100x200 mRotation=0\n{focus}\n")
    assert state is not None
    assert state.window == (Window(*window) if window else None)


@pytest.mark.parametrize(
    "words", ["mWakefulness=Asleep", "mWakefulness=Dozing", "screenState=SCREEN_STATE_OFF", "mScreenOnFully=false",
              "mHoldingDisplaySuspendBlocker=false"]
)  # fmt: skip
def test_a_screen_that_is_off_is_said_so(words: str) -> None:
    state = parse_state(f"cur=100x200 mRotation=0\nmCurrentFocus=Window{{1 u0 com.x/.M}}\n{words}\n")
    assert state is not None
    assert not state.awake
    assert state.window is not None
    assert state.window.title == SCREEN_OFF


@pytest.mark.parametrize("words", ["    showing=true", "mShowingLockscreen=true", "isStatusBarKeyguard=true"])
def test_a_locked_screen_is_said_so(words: str) -> None:
    for focus in ("mCurrentFocus=Window{1 u0 NotificationShade}", "mCurrentFocus=null"):
        state = parse_state(f"cur=100x200 mRotation=0\n{focus}\n{words}\nmWakefulness=Awake\n")
        assert state is not None
        assert state.locked
        assert state.window is not None
        assert LOCKED in state.window.title


FOCUS = "  mCurrentFocus=Window{4e0bd1f u0 com.bank/com.bank.Pin}\n"
WINDOWS = (
    "  Window #0 Window{aa u0 StatusBar}:\n    mAttrs={(0,0)(fillx80) fl=NOT_FOCUSABLE}\n"
    "  Window #1 Window{4e0bd1f u0 com.bank/com.bank.Pin}:\n    mAttrs={(0,0)(fillxfill) sim={adjust=resize} "
    "ty=BASE_APPLICATION\n      fl=LAYOUT_IN_SCREEN SECURE DRAWS_SYSTEM_BAR_BACKGROUNDS\n      pfl=X}\n"
    "  Window #2 Window{bb u0 com.other/.M}:\n    mAttrs={fl=LAYOUT_IN_SCREEN}\n"
)


def test_a_secure_window() -> None:
    assert is_secure(FOCUS + WINDOWS)
    assert not is_secure(FOCUS + WINDOWS.replace("SECURE", "FULLSCREEN"))
    assert not is_secure(FOCUS.replace("4e0bd1f", "bb") + WINDOWS), "another window's flag counts for nothing"
    assert not is_secure(FOCUS.replace("4e0bd1f", "cc") + WINDOWS)
    assert not is_secure("mCurrentFocus=null\n" + WINDOWS)
    assert not is_secure("")
    assert is_secure(FOCUS + WINDOWS.replace("fl=LAYOUT_IN_SCREEN SECURE DRAWS_SYSTEM_BAR_BACKGROUNDS", "fl=#81812100"))
    assert not is_secure(FOCUS + WINDOWS.replace("fl=LAYOUT_IN_SCREEN SECURE", "fl=#81810100 X"))


def test_a_device_that_says_little_is_asked_more(shell: AdbShell, device: ScriptedDevice) -> None:
    device.answers |= {
        "dumpsys window displays": (0, b"  mCurrentFocus=Window{1 u0 com.x/.M}\n", b""),
        "wm size": (0, b"Physical size: 180x320\n", b""),
        "dumpsys input": (0, b"      SurfaceOrientation: 1\n", b""),
    }
    reader = StateReader(shell)
    assert reader.read().size == Size(320, 180)
    device.ran.clear()
    assert reader.read().rotation == 1
    assert device.ran[0] == list(READS[0]), "from then on everything is asked at once"
    assert len([argv for argv in device.ran if argv == list(READS[0])]) == 1
    device.answers["wm size"] = (127, b"", b"wm: not found\n")
    with pytest.raises(CaptureFailed, match="does not tell the size"):
        reader.read()


def test_the_state_comes_in_one_exchange(shell: AdbShell, device: ScriptedDevice) -> None:
    device.keyboard = True
    state = StateReader(shell).read()
    assert (state.size, state.rotation, state.keyboard_shown) == (Size(180, 320), 0, True)
    device.rotation = 3
    assert StateReader(shell).read()[:2] == (Size(320, 180), 3)
