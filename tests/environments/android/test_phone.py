"""The driver on the simulated phone, over real ADB: the adb program, its server, the wire, the shell, the apps."""

import threading
import time
from collections.abc import Iterator

import pytest

from environments.action import Drag, Hotkey, Launch, Press, Scroll, SystemButton, Tap, Type, Wait
from environments.android.driver import AndroidEnvironment
from environments.android.server import PrivateAdbServer
from environments.contract import check_environment
from environments.errors import CaptureFailed, DeviceLost, EnvironmentUnavailable, InvalidAction
from environments.geometry import Size
from environments.observation import Element, Observation
from environments.phone.shell import PhoneServices
from environments.phone.wire import Adbd, WireFaults
from environments.phone.world import World, WorldFaults
from environments.settle import SettleRule

SIZE = Size(540, 800)
RULE = SettleRule(floor=0.05, quiet=0.042, cap=3.0, interval=0.002)


class Counted(World):
    """A phone that counts how often it was touched."""

    downs = 0

    def touch(self, action, x, y):  # type: ignore[no-untyped-def]
        self.downs += action == "down"
        super().touch(action, x, y)


@pytest.fixture(scope="module")
def adb() -> Iterator[PrivateAdbServer]:
    with PrivateAdbServer() as server:
        yield server


@pytest.fixture(scope="module")
def adbd() -> Iterator[Adbd]:
    world = Counted(size=SIZE, density=210, seed=1)
    with Adbd(PhoneServices(world)) as served:
        served.world = world  # type: ignore[attr-defined]
        yield served


@pytest.fixture
def world(adbd: Adbd) -> Iterator[Counted]:
    phone: Counted = adbd.world  # type: ignore[attr-defined]
    adbd.faults = WireFaults()
    phone.reset()
    phone.downs = 0
    yield phone
    adbd.faults = WireFaults()
    phone.reset()


@pytest.fixture
def phone(world: Counted, adbd: Adbd, adb: PrivateAdbServer) -> Iterator[AndroidEnvironment]:
    adb.connect(adbd.address)
    with AndroidEnvironment(
        adbd.address, server=adb.server, revive=adb.revive, private=True, rule=RULE, reconnect_seconds=10
    ) as environment:
        yield environment


def find(phone: AndroidEnvironment, **what: str) -> tuple[Observation, Element]:
    seen = phone.observe(elements=True)
    found = seen.elements.find(**what)
    assert found is not None, f"{what} is not on the screen: {[(node.role, node.name) for node in seen.elements]}"
    return seen, found


def tap(phone: AndroidEnvironment, **what: str) -> None:
    seen, found = find(phone, **what)
    assert found.bounds is not None
    x, y = found.bounds.center
    effect = phone.act(Tap(x=x, y=y), seen)
    assert effect.status == "done", effect
    phone.settle()


def do(phone: AndroidEnvironment, action: "Launch | Type | Press | Scroll | SystemButton | Drag | Hotkey") -> str:
    effect = phone.act(action, phone.observe())
    assert effect.status == "done", effect
    phone.settle()
    return effect.note


def test_it_keeps_every_promise(phone: AndroidEnvironment, world: Counted) -> None:
    check_environment(phone)
    assert world.downs == 0


def test_airplane_mode_through_settings(phone: AndroidEnvironment, world: Counted) -> None:
    do(phone, Launch(app="Settings"))
    tap(phone, name="Network & internet")
    assert not world.state.settings.airplane_mode
    tap(phone, name="Airplane mode")
    assert world.state.settings.airplane_mode


HARD = "Żółw 三体 😀 'x' $(reboot) %s"


def test_a_note_in_any_script(phone: AndroidEnvironment, world: Counted) -> None:
    do(phone, Launch(app="Notes"))
    tap(phone, name="New note")
    assert "no text field has the focus" in do(phone, Type(text="lost"))
    tap(phone, role="EditText", name="text")
    before = world.input_method
    assert do(phone, Type(text=HARD)) == ""
    assert world.input_method == before
    seen = phone.observe(elements=True)
    assert any(node.text == HARD for node in seen.elements)
    assert seen.keyboard_shown
    assert do(phone, Type(text="short", clear=True)) == ""
    assert any(node.text == "short" for node in phone.observe(elements=True).elements)


def test_home_back_and_scrolling(phone: AndroidEnvironment, world: Counted) -> None:
    do(phone, Launch(app="Settings"))
    top = phone.observe().frame
    do(phone, Scroll(direction="down", amount=6))
    assert phone.observe().frame != top
    do(phone, Scroll(direction="up", amount=12))
    assert phone.observe().frame == top
    do(phone, SystemButton(button="home"))
    window = phone.observe().window
    assert window is not None
    assert "launcher" in window.app


def test_turning_in_between_sends_no_tap(phone: AndroidEnvironment, world: Counted) -> None:
    seen = phone.observe()
    world.put_setting("system", "accelerometer_rotation", "0")
    world.put_setting("system", "user_rotation", "1")
    effect = phone.act(Tap(x=10, y=10), seen)
    assert effect.status == "not_sent"
    assert world.downs == 0
    turned = phone.observe()
    assert (turned.rotation, turned.frame.size) == (1, (800, 540))
    world.faults = WorldFaults(rotate_at="screenshot")
    seen = phone.observe()
    if seen.rotation == world.rotation:
        assert seen.frame.size == (540, 800), "it was looked at again"
    else:
        assert phone.act(Tap(x=10, y=10), seen).status == "not_sent"


def test_another_size_in_between_sends_no_tap(phone: AndroidEnvironment, world: Counted) -> None:
    seen = phone.observe()
    world.set_size(Size(480, 640))
    assert phone.act(Tap(x=10, y=10), seen).status == "not_sent"
    assert world.downs == 0
    assert phone.observe().frame.size == (480, 640)


def test_a_call_in_between_sends_no_tap(phone: AndroidEnvironment, world: Counted) -> None:
    seen = phone.observe()
    world.start("com.android.settings")
    effect = phone.act(Tap(x=10, y=10), seen)
    assert effect.status == "not_sent"
    assert "window in front changed" in effect.reason
    assert world.downs == 0


def test_a_secure_window(phone: AndroidEnvironment, world: Counted) -> None:
    world.faults = WorldFaults(secure=True)
    with pytest.raises(CaptureFailed, match="is secure"):
        phone.observe()


def test_a_screen_that_never_rests_has_no_tree(phone: AndroidEnvironment, world: Counted) -> None:
    world.faults = WorldFaults(never_idle=True)
    assert "could not get idle state" in phone.observe(elements=True).elements.absent


def test_asleep_and_locked(phone: AndroidEnvironment, world: Counted, adbd: Adbd, adb: PrivateAdbServer) -> None:
    world.key(223)
    window = phone.observe().window
    assert window is not None
    assert window.title == "the screen is off"
    with AndroidEnvironment(adbd.address, server=adb.server, rule=RULE):
        assert world.power.awake, "opening wakes it"


def test_an_input_method_that_is_refused(phone: AndroidEnvironment, world: Counted) -> None:
    world.faults = WorldFaults(refuse_input_method=True)
    before = world.input_method
    do(phone, Launch(app="Notes"))
    tap(phone, name="New note")
    effect = phone.act(Type(text="żółw"), phone.observe())
    assert effect.status == "not_sent"
    assert world.input_method == before


def test_two_displays(world: Counted, adbd: Adbd, adb: PrivateAdbServer) -> None:
    world.faults = WorldFaults(second_display=True)
    adb.connect(adbd.address)
    with AndroidEnvironment(adbd.address, server=adb.server, rule=RULE) as phone:
        seen = phone.observe()
        assert world.displays[0] in seen.display
        assert phone.warnings == (), "the display was named, so there is nothing to warn of"
        assert phone.act(Tap(x=270, y=400), seen).status == "done"
        assert world.downs == 1


def test_an_unknown_app(phone: AndroidEnvironment) -> None:
    with pytest.raises(InvalidAction, match=r"nearest: .*Settings"):
        phone.act(Launch(app="Sets"), phone.observe())


@pytest.mark.parametrize("after", [0, 1, 5, 100, 1000, 5000])
def test_a_cut_while_looking_is_looked_again(phone: AndroidEnvironment, world: Counted, adbd: Adbd, after: int) -> None:
    frame = phone.observe().frame
    fired = adbd.fired("cut_after")
    adbd.faults = WireFaults(cut_after=after)
    assert phone.observe().frame.size == frame.size
    assert adbd.fired("cut_after") == fired + 1


@pytest.mark.parametrize("after", range(6))
def test_a_cut_while_tapping_taps_at_most_once(
    phone: AndroidEnvironment, world: Counted, adbd: Adbd, after: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen = phone.observe()
    chain = phone._shell.chain

    def cut_then(*arguments, **options):  # type: ignore[no-untyped-def]
        adbd.faults = WireFaults(cut_after=after)
        return chain(*arguments, **options)

    monkeypatch.setattr(phone._shell, "chain", cut_then)
    effect = phone.act(Tap(x=270, y=1), seen)
    assert effect.status == "unknown"
    assert world.downs <= 1
    monkeypatch.undo()
    assert phone.observe().frame.size == SIZE
    assert world.downs <= 1


def test_an_adb_server_that_is_killed(phone: AndroidEnvironment, world: Counted, adb: PrivateAdbServer) -> None:
    import os  # noqa: PLC0415

    for _ in range(3):
        seen = phone.observe()
        os.kill(adb.pid, 9)
        assert phone.observe().frame.size == seen.frame.size
    assert phone.act(Tap(x=270, y=1), phone.observe()).status == "done"
    assert world.downs == 1


def test_a_slow_drip_is_cut_short(
    phone: AndroidEnvironment, world: Counted, adbd: Adbd, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("environments.android.capture.SHOT_SECONDS", 0.5)
    adbd.faults = WireFaults(drip=2000)
    started = time.monotonic()
    with pytest.raises((CaptureFailed, DeviceLost)):
        phone._shoot(None)
    assert time.monotonic() - started < 8


def test_offline_and_unauthorized(world: Counted, adbd: Adbd) -> None:
    with PrivateAdbServer() as adb:
        adbd.faults = WireFaults(unauthorized=True)
        with pytest.raises(EnvironmentUnavailable) as caught:
            AndroidEnvironment(adbd.address, server=adb.server)
        assert "unauthorized" in str(caught.value) or "cannot connect" in str(caught.value)
        assert caught.value.fix


def test_a_phone_that_vanishes_and_returns(phone: AndroidEnvironment, world: Counted, adbd: Adbd) -> None:
    frame = phone.observe().frame
    adbd.faults = WireFaults(refuse=True)
    threading.Timer(0.5, lambda: setattr(adbd, "faults", WireFaults())).start()
    assert phone.observe().frame.size == frame.size
    assert phone.act(Wait(seconds=0), phone.observe()).status == "done"


def test_dragging(phone: AndroidEnvironment, world: Counted) -> None:
    do(phone, Launch(app="Settings"))
    top = phone.observe().frame
    do(phone, Drag(path=((270, 600), (270, 400), (270, 200)), seconds=0.3))
    assert phone.observe().frame != top
