"""Faults on demand: each shows as it does on a phone, and ends when it is taken back."""

import threading

import pytest

from environments.geometry import Size
from environments.phone.device import NotIdle, SecureWindow
from environments.phone.world import World, WorldFaults
from tests.environments.phone.hands import Hands, pick_up


@pytest.fixture
def hands() -> Hands:
    return pick_up()


def test_there_are_none_at_first(hands: Hands) -> None:
    assert hands.world.faults == WorldFaults()
    assert not hands.world.secure


def test_secure_window(hands: Hands) -> None:
    hands.world.faults.secure = True
    assert hands.world.secure
    with pytest.raises(SecureWindow):
        hands.world.screenshot()
    assert hands.sees(text="Settings")
    hands.world.faults.secure = False
    assert hands.world.screenshot().size == Size(1080, 2400)


def test_a_screen_that_is_off_or_locked_is_no_secure_window(hands: Hands) -> None:
    hands.world.faults.secure = True
    hands.world.key(26)
    assert set(hands.world.screenshot().pixels) == {0}
    hands.world.key(26)
    assert len(set(hands.world.screenshot().pixels)) > 2


def test_never_idle(hands: Hands) -> None:
    hands.world.faults.never_idle = True
    hands.wait(60)
    with pytest.raises(NotIdle):
        hands.world.hierarchy()
    hands.world.screenshot()
    hands.world.faults.never_idle = False
    assert hands.sees(text="Settings")


def test_late_page(hands: Hands) -> None:
    hands.world.faults.late_page = 2.0
    hands.tap(text="Settings")
    assert hands.sees(text="Settings", id="action_bar_title")
    assert not hands.sees(text="Display")
    blank = hands.world.screenshot()
    hands.tap_at(500, 1000)  # nothing is there to be tapped
    assert hands.world.screenshot().hash == blank.hash
    hands.wait(2)
    assert hands.sees(text="Display")
    assert hands.world.screenshot().hash != blank.hash


def test_rotation_at_the_next_touch(hands: Hands) -> None:
    hands.world.faults.rotate_at = "touch"
    assert hands.world.screenshot().size == Size(1080, 2400)
    hands.world.touch("down", 500, 500)
    assert hands.world.rotation == 1
    assert hands.world.screenshot().size == Size(2400, 1080)
    hands.world.touch("up", 500, 500)
    hands.world.touch("down", 500, 500)
    assert hands.world.rotation == 1


def test_rotation_after_the_next_screenshot(hands: Hands) -> None:
    hands.world.faults.rotate_at = "screenshot"
    assert hands.world.screenshot().size == Size(1080, 2400)
    assert hands.world.screenshot().size == Size(2400, 1080)
    assert hands.world.rotation == 1
    assert hands.world.setting("system", "user_rotation") == "1"


def test_an_input_method_that_is_refused(hands: Hands) -> None:
    name = "com.android.adbkeyboard/.AdbIME"
    hands.world.enable_input_method(name, True)
    hands.world.faults.refuse_input_method = True
    assert not hands.world.set_input_method(name)
    assert hands.world.input_method == "com.android.inputmethod.latin/.LatinIME"
    hands.world.faults.refuse_input_method = False
    assert hands.world.set_input_method(name)


def test_override_size(hands: Hands) -> None:
    hands.world.faults.override_size = Size(540, 1200)
    assert hands.world.override_size == Size(540, 1200)
    assert hands.world.screenshot().size == Size(540, 1200)
    hands.tap(text="Notes")
    assert hands.world.focus is not None
    assert hands.world.focus.package == "com.handeye.notes"


def test_two_displays(hands: Hands) -> None:
    assert len(hands.world.displays) == 1
    hands.world.faults.second_display = True
    assert len(set(hands.world.displays)) == 2


def test_many_threads_use_one_phone_at_once() -> None:
    world = World(size=Size(360, 640), density=160)
    world.put_setting("global", "transition_animation_scale", "0")
    failures: list[BaseException] = []

    def use(number: int) -> None:
        try:
            for turn in range(25):
                if number == 0:
                    world.start("com.android.contacts", ".activities.ContactEditorActivity")
                    world.commit_text(f"{turn}")
                elif number == 1:
                    assert world.screenshot().size == Size(360, 640)
                elif number == 2:
                    assert world.hierarchy().children
                else:
                    world.touch("down", 100, 300)
                    world.touch("move", 100, 300 - 3 * turn)
                    world.touch("up", 100, 300 - 3 * turn)
                    world.key(4)
        except BaseException as error:  # noqa: BLE001  # carried to the test's own thread
            failures.append(error)

    threads = [threading.Thread(target=use, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert failures == []


def test_two_phones_are_apart() -> None:
    one, two = pick_up(seed=1), pick_up(seed=1)
    one.launch("Settings")
    one.tap(text="Display")
    one.tap(text="Dark theme")
    assert not two.world.state.settings.dark_theme
    assert min(two.pixel(5, 1200)) > 200
