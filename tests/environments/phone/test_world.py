"""The phone is used by its screen and keys, and its state shows what came of it."""

import pytest

from environments.geometry import Size
from environments.phone.device import Focus, NotIdle, SecureWindow, UnknownActivity
from environments.phone.world import World
from tests.environments.phone.hands import Hands, pick_up

LAUNCHER = Focus("com.android.launcher3", "com.android.launcher3.uioverrides.QuickstepLauncher")
SETTINGS = Focus("com.android.settings", "com.android.settings.Settings")
PEOPLE = Focus("com.android.contacts", "com.android.contacts.activities.PeopleActivity")
NOTES = Focus("com.handeye.notes", "com.handeye.notes.MainActivity")


@pytest.fixture
def hands() -> Hands:
    return pick_up()


class TestStarting:
    def test_the_home_screen_is_there_at_first(self, hands: Hands) -> None:
        assert hands.world.focus == LAUNCHER
        assert {node.text for node in hands.find_all(id="icon")} == {"Contacts", "Notes", "Settings"}

    @pytest.mark.parametrize(("label", "focus"), [("Settings", SETTINGS), ("Contacts", PEOPLE), ("Notes", NOTES)])
    def test_an_icon_starts_its_app(self, hands: Hands, label: str, focus: Focus) -> None:
        hands.launch(label)
        assert hands.world.focus == focus

    def test_start_by_package_and_by_activity(self, hands: Hands) -> None:
        assert hands.world.start("com.handeye.notes") == NOTES
        assert hands.world.start("com.android.settings", ".Settings") == SETTINGS
        assert hands.world.start(*PEOPLE) == PEOPLE

    def test_start_by_action(self, hands: Hands) -> None:
        assert hands.world.start("", action="android.settings.WIFI_SETTINGS").package == "com.android.settings"
        hands.wait()
        assert hands.sees(text="Wi-Fi")

    def test_start_of_an_inner_activity_goes_back_to_the_app(self, hands: Hands) -> None:
        focus = hands.world.start("com.android.contacts", ".activities.ContactEditorActivity")
        assert focus.activity == "com.android.contacts.activities.ContactEditorActivity"
        hands.back()  # the keyboard
        hands.back()
        assert hands.world.focus == PEOPLE

    @pytest.mark.parametrize(
        ("package", "activity", "data"),
        [("com.nobody", "", ""), ("com.handeye.notes", ".Nothing", ""), ("", "", "https://example.com")],
    )
    def test_what_is_not_there_is_an_error(self, hands: Hands, package: str, activity: str, data: str) -> None:
        with pytest.raises(UnknownActivity):
            hands.world.start(package, activity, action="android.intent.action.VIEW", data=data)
        assert hands.world.focus == LAUNCHER

    def test_every_launcher_activity_can_be_started(self, hands: Hands) -> None:
        for package in hands.world.packages():
            if package.activity:
                assert hands.world.start(package.name) == Focus(package.name, package.activity)


class TestSettings:
    def test_airplane_mode(self, hands: Hands) -> None:
        settings = hands.world.state.settings
        hands.launch("Settings")
        hands.tap(text="Network & internet")
        hands.tap(text="Airplane mode")
        assert settings.airplane_mode
        assert hands.world.setting("global", "airplane_mode_on") == "1"
        assert not settings.wifi
        assert hands.sees(content_desc="Airplane mode.")
        hands.tap(text="Airplane mode")
        assert not settings.airplane_mode
        assert settings.wifi

    def test_mobile_data_is_greyed_out_in_airplane_mode(self, hands: Hands) -> None:
        hands.world.put_setting("global", "airplane_mode_on", "1")
        hands.launch("Settings")
        hands.tap(text="Network & internet")
        hands.tap(text="Mobile data")
        assert hands.world.state.settings.mobile_data
        assert not hands.find(text="Mobile data").children

    @pytest.mark.parametrize(
        ("way", "label", "name"),
        [
            (["Network & internet", "Internet"], "Wi-Fi", "wifi"),
            (["Network & internet"], "Mobile data", "mobile_data"),
            (["Network & internet"], "Roaming", "data_roaming"),
            (["Connected devices"], "Bluetooth", "bluetooth"),
            (["Display"], "Dark theme", "dark_theme"),
            (["Display"], "Adaptive brightness", "adaptive_brightness"),
            (["Display"], "Auto-rotate screen", "auto_rotate"),
            (["Sound & vibration"], "Do Not Disturb", "do_not_disturb"),
            (["Sound & vibration"], "Vibrate for calls", "vibrate"),
            (["Battery"], "Battery Saver", "battery_saver"),
        ],
    )
    def test_a_switch_turns_its_setting_and_back(self, hands: Hands, way: list[str], label: str, name: str) -> None:
        settings = hands.world.state.settings
        before = getattr(settings, name)
        hands.launch("Settings")
        for step in way:
            hands.tap(text=step)
        for expected in (not before, before):
            hands.tap(text=label)
            assert getattr(settings, name) is expected
            row = next(node for node in hands.nodes() if any(child.text == label for child in node.children))
            switch = next(child for child in row.children if child.cls == "android.widget.Switch")
            assert switch.checked is expected

    def test_a_setting_that_is_put_shows_at_once(self, hands: Hands) -> None:
        hands.launch("Settings")
        hands.tap(text="Network & internet")
        hands.world.put_setting("global", "mobile_data", "0")
        assert [node.checked for node in hands.find_all(id="switch_widget")] == [False, False, False]
        hands.world.state.settings.mobile_data = True
        assert [node.checked for node in hands.find_all(id="switch_widget")] == [True, False, False]

    def test_the_brightness_slider(self, hands: Hands) -> None:
        hands.launch("Settings")
        hands.tap(text="Display")
        box = hands.find(content_desc="Brightness").bounds
        hands.tap_at(box.right - 70, box.center.y)
        assert hands.world.state.settings.brightness > 240
        hands.swipe(box.right - 70, box.center.y, box.left + 10, box.center.y)
        assert hands.world.state.settings.brightness == 1
        assert hands.sees(text="0%")

    def test_font_size_is_chosen_in_a_dialog(self, hands: Hands) -> None:
        hands.launch("Settings")
        hands.tap(text="Display")
        before = hands.find(text="Auto-rotate screen").bounds
        hands.tap(text="Font size")
        assert hands.find(text="Default").checked
        assert not hands.sees(text="Auto-rotate screen")  # a dialog is a window of its own
        hands.tap(text="Largest")
        after = hands.find(text="Auto-rotate screen").bounds
        assert hands.world.state.settings.font_scale == 1.3
        assert after.right - after.left > 1.2 * (before.right - before.left)

    def test_dark_theme_darkens(self, hands: Hands) -> None:
        light = hands.pixel(5, 1200)
        hands.world.state.settings.dark_theme = True
        dark = hands.pixel(5, 1200)
        assert min(light) > 200
        assert max(dark) < 60

    def test_the_last_row_is_reached_by_scrolling(self) -> None:
        hands = pick_up(size=Size(720, 1280), density=320)
        hands.launch("Settings")
        assert not hands.sees(text="About phone")
        hands.scroll_to(text="About phone")
        hands.tap(text="About phone")
        hands.scroll_to(text="Legal information")

    def test_a_wifi_network_is_chosen(self, hands: Hands) -> None:
        hands.world.start("", action="android.settings.WIFI_SETTINGS")
        hands.wait()
        hands.tap(text="CafeNord")
        assert hands.world.state.wifi_network == "CafeNord"

    def test_an_app_is_stopped_in_its_info(self, hands: Hands) -> None:
        hands.launch("Notes")
        hands.launch("Settings")
        hands.tap(text="Apps")
        hands.tap(text="Notes")
        hands.tap(text="Force stop")
        assert [focus.package for focus in hands.world.recent()] == ["com.android.settings"]


class TestContacts:
    def test_a_contact_with_a_chinese_name_is_added(self, hands: Hands) -> None:
        known = len(hands.world.state.contacts)
        hands.launch("Contacts")
        hands.tap(content_desc="Create new contact")
        assert hands.world.commit_text("李雷")
        hands.tap(id="phone")
        hands.world.type_ascii("+86 10 5555 0100")
        hands.tap(id="email")
        hands.world.type_ascii("lilei@example.com")
        hands.tap(content_desc="Save")
        assert len(hands.world.state.contacts) == known + 1
        contact = list(hands.world.state.contacts.values())[-1]
        assert (contact.name, contact.phone, contact.email) == ("李雷", "+86 10 5555 0100", "lilei@example.com")
        assert hands.world.focus == PEOPLE
        hands.scroll_to(text="李雷")

    def test_search_finds_by_a_part_of_the_name(self, hands: Hands) -> None:
        name = hands.world.state.contacts[1].name
        hands.launch("Contacts")
        hands.tap(id="search_view")
        hands.world.commit_text(name.upper()[:5])
        shown = {node.text for node in hands.find_all(id="cliv_name_textview")}
        assert name in shown
        assert all(name.upper()[:5] in each.upper() for each in shown)
        hands.world.commit_text("zzzz")
        assert hands.sees(text="No matching contacts")

    def test_a_contact_is_changed(self, hands: Hands) -> None:
        first = sorted(hands.world.state.contacts.items(), key=lambda item: item[1].name.casefold())[0]
        hands.launch("Contacts")
        hands.tap(text=first[1].name)
        assert hands.sees(text=first[1].phone)
        hands.tap(content_desc="Edit contact")
        assert hands.find(id="name").text == first[1].name
        assert hands.world.clear_text()
        hands.world.commit_text("Žofie 😀")
        hands.tap(content_desc="Save")
        assert hands.world.state.contacts[first[0]].name == "Žofie 😀"
        assert hands.world.state.contacts[first[0]].phone == first[1].phone
        assert hands.sees(text="Žofie 😀", id="large_title")

    def test_nothing_is_lost_when_fields_were_never_in_sight(self) -> None:
        hands = pick_up(size=Size(480, 320), density=160)
        before = hands.world.state.contacts[3]
        hands.world.start("com.android.contacts")
        hands.wait()
        hands.scroll_to(text=before.name)
        hands.tap(text=before.name)
        hands.tap(content_desc="Edit contact")
        assert not hands.sees(id="email")
        hands.world.commit_text("!")
        hands.back()
        hands.tap(content_desc="Save")
        after = hands.world.state.contacts[3]
        assert (after.name, after.phone, after.email) == (before.name + "!", before.phone, before.email)

    def test_a_contact_is_deleted_only_after_the_question(self, hands: Hands) -> None:
        number, person = sorted(hands.world.state.contacts.items(), key=lambda item: item[1].name.casefold())[0]
        hands.launch("Contacts")
        hands.tap(text=person.name)
        hands.tap(content_desc="Delete contact")
        hands.tap(text="Cancel")
        assert number in hands.world.state.contacts
        hands.tap(content_desc="Delete contact")
        hands.back()
        assert number in hands.world.state.contacts
        hands.tap(content_desc="Delete contact")
        hands.tap(text="Delete")
        assert number not in hands.world.state.contacts
        assert hands.world.focus == PEOPLE

    def test_back_leaves_the_form_without_saving(self, hands: Hands) -> None:
        known = dict(hands.world.state.contacts)
        hands.launch("Contacts")
        hands.tap(content_desc="Create new contact")
        hands.world.commit_text("Nobody")
        hands.back()
        hands.back()
        assert dict(hands.world.state.contacts) == known
        assert hands.world.focus == PEOPLE


class TestNotes:
    def test_a_note_is_kept_when_its_page_is_left(self, hands: Hands) -> None:
        hands.launch("Notes")
        hands.tap(content_desc="New note")
        hands.tap(id="title")
        hands.world.commit_text("Plan")
        hands.tap(id="text")
        hands.world.commit_text("one\ntwo")
        hands.back()
        hands.back()
        note = list(hands.world.state.notes.values())[-1]
        assert (note.title, note.text) == ("Plan", "one\ntwo")
        assert note.changed == pytest.approx(hands.world.clock.wall(), abs=5)
        assert hands.find_all(id="note_title")[0].text == "Plan"

    def test_an_empty_note_is_not_kept(self, hands: Hands) -> None:
        known = dict(hands.world.state.notes)
        hands.launch("Notes")
        hands.tap(content_desc="New note")
        hands.tap(content_desc="Navigate up")
        assert dict(hands.world.state.notes) == known

    def test_a_note_that_was_only_read_is_unchanged(self, hands: Hands) -> None:
        known = dict(hands.world.state.notes)
        hands.launch("Notes")
        hands.tap(id="note")
        hands.back()
        assert dict(hands.world.state.notes) == known

    def test_a_long_press_asks_to_delete(self, hands: Hands) -> None:
        hands.launch("Notes")
        title = hands.find(id="note_title").text
        hands.hold(0.6, id="note")
        hands.tap(text="Delete")
        assert title not in {note.title for note in hands.world.state.notes.values()}
        assert hands.world.focus == NOTES

    def test_a_short_press_opens(self, hands: Hands) -> None:
        hands.launch("Notes")
        hands.hold(0.4, id="note")
        assert hands.world.focus == Focus("com.handeye.notes", "com.handeye.notes.EditActivity")

    def test_a_long_press_happens_while_the_finger_is_down(self, hands: Hands) -> None:
        hands.launch("Notes")
        hands.world.touch("down", *hands.find(id="note").bounds.center)
        hands.wait(0.6)
        assert hands.sees(text="Delete note?")

    def test_state_that_is_set_is_shown(self, hands: Hands) -> None:
        hands.launch("Notes")
        hands.world.state.notes.clear()
        assert hands.sees(text="No notes")


class TestBackHomeRecents:
    def test_back_goes_up_page_by_page_and_home_at_last(self, hands: Hands) -> None:
        hands.launch("Settings")
        hands.tap(text="Network & internet")
        hands.tap(text="Internet")
        seen = []
        for _ in range(3):
            hands.back()
            seen.append(hands.world.focus)
        assert seen == [Focus("com.android.settings", "com.android.settings.SubSettings"), SETTINGS, LAUNCHER]
        hands.back()
        assert hands.world.focus == LAUNCHER

    def test_an_app_is_found_as_it_was_left(self, hands: Hands) -> None:
        hands.launch("Settings")
        hands.tap(text="Display")
        hands.home()
        hands.launch("Settings")
        assert hands.sees(text="Dark theme")

    def test_recents_lists_the_latest_first_and_brings_back(self, hands: Hands) -> None:
        hands.launch("Settings")
        hands.launch("Notes")
        assert [focus.package for focus in hands.world.recent()] == ["com.handeye.notes", "com.android.settings"]
        hands.key(187)
        assert [node.content_desc for node in hands.find_all(id="snapshot")] == ["Notes", "Settings"]
        hands.tap(content_desc="Settings", id="snapshot")
        assert hands.world.focus == SETTINGS

    def test_recents_twice_returns(self, hands: Hands) -> None:
        hands.launch("Settings")
        hands.key(187)
        hands.key(187)
        assert hands.world.focus == SETTINGS

    def test_apps_are_closed_in_recents(self, hands: Hands) -> None:
        hands.launch("Settings")
        hands.launch("Notes")
        hands.key(187)
        hands.tap(content_desc="Dismiss Settings")
        assert [focus.package for focus in hands.world.recent()] == ["com.handeye.notes"]
        hands.tap(text="Clear all")
        assert hands.world.recent() == ()
        assert hands.world.focus == LAUNCHER

    def test_the_navigation_bar_is_touched(self, hands: Hands) -> None:
        hands.launch("Settings")
        hands.tap(text="Display")
        hands.tap(content_desc="Back", package="com.android.systemui")
        assert hands.world.focus == SETTINGS
        hands.tap(content_desc="Overview")
        hands.tap(content_desc="Home")
        assert hands.world.focus == LAUNCHER

    def test_force_stop(self, hands: Hands) -> None:
        hands.launch("Settings")
        hands.tap(text="Display")
        hands.world.force_stop("com.android.settings")
        assert hands.world.focus == LAUNCHER
        hands.wait()
        hands.launch("Settings")
        assert hands.world.focus == SETTINGS
        hands.world.force_stop("com.nobody")


class TestScreenOffAndLock:
    def test_power_turns_off_and_on_and_locks(self, hands: Hands) -> None:
        hands.world.key(26)
        assert not hands.world.power.awake
        assert hands.world.power.locked
        assert set(hands.world.screenshot().pixels) == {0}
        assert hands.world.hierarchy().children == ()
        hands.world.key(26)
        assert hands.world.power.awake
        assert hands.world.power.locked
        assert hands.sees(text="Swipe up to unlock", package="com.android.systemui")
        assert hands.world.focus == LAUNCHER  # what is behind it

    def test_a_swipe_up_unlocks_and_a_tap_does_not(self, hands: Hands) -> None:
        hands.launch("Settings")
        hands.key(26)
        hands.key(26)
        hands.tap_at(540, 1200)
        hands.swipe(540, 1200, 540, 1150)
        hands.swipe(540, 1200, 100, 1150)
        assert hands.world.power.locked
        hands.swipe(540, 2000, 540, 1000)
        assert not hands.world.power.locked
        assert hands.world.focus == SETTINGS

    @pytest.mark.parametrize(("code", "awake"), [(223, False), (224, True)])
    def test_sleep_and_wake_do_not_toggle(self, hands: Hands, code: int, awake: bool) -> None:
        for _ in range(2):
            hands.world.key(code)
            assert hands.world.power.awake is awake

    def test_menu_unlocks(self, hands: Hands) -> None:
        hands.key(223)
        hands.key(224)
        hands.key(82)
        assert not hands.world.power.locked

    def test_nothing_reaches_an_app_behind_the_lock(self, hands: Hands) -> None:
        hands.launch("Contacts")
        hands.tap(content_desc="Create new contact")
        hands.key(223)
        assert not hands.world.commit_text("x")
        hands.key(224)
        assert not hands.world.commit_text("x")
        hands.world.type_ascii("x")
        assert not hands.world.keyboard_shown
        hands.back()
        hands.key(82)
        assert hands.find(id="name").text == "Name"

    def test_without_a_lock_screen(self, hands: Hands) -> None:
        hands.world.put_setting("secure", "lockscreen.disabled", "1")
        hands.key(26)
        hands.key(26)
        assert hands.world.focus == LAUNCHER


class TestSecureWindow:
    def test_a_secure_page_is_not_captured_but_has_a_tree(self, hands: Hands) -> None:
        hands.launch("Settings")
        hands.tap(text="Security")
        hands.tap(text="Screen lock")
        assert hands.world.secure
        with pytest.raises(SecureWindow):
            hands.world.screenshot()
        hands.world.type_ascii("1357")
        field = hands.find(id="password_entry")
        assert field.password
        assert field.text == "••••"
        hands.key(66)
        assert hands.world.state.lock_pin == "1357"
        hands.world.screenshot()


class TestReset:
    def test_everything_is_as_at_first(self, hands: Hands) -> None:
        fresh = pick_up().world
        before = fresh.screenshot()
        hands.launch("Contacts")
        hands.tap(content_desc="Create new contact")
        hands.world.commit_text("x")
        hands.world.state.settings.dark_theme = True
        hands.world.state.contacts.clear()
        hands.world.faults.never_idle = True
        hands.world.set_size(Size(720, 1280))
        hands.world.set_density(300)
        hands.world.set_clipboard("text")
        hands.world.key(26)
        hands.world.reset()
        assert hands.world.screenshot().hash == before.hash
        assert dict(hands.world.state.contacts) == dict(fresh.state.contacts)
        assert hands.world.clipboard == ""
        assert hands.world.override_size is None
        assert hands.world.override_density is None
        assert hands.world.recent() == ()
        hands.world.hierarchy()

    def test_a_seed_gives_the_same_everything(self) -> None:
        one, two = pick_up(seed=5), pick_up(seed=5)
        for hands in (one, two):
            hands.launch("Contacts")
        assert one.world.screenshot().hash == two.world.screenshot().hash
        assert one.world.hierarchy() == two.world.hierarchy()
        for namespace in ("system", "secure", "global"):
            assert one.world.settings(namespace) == two.world.settings(namespace)
        assert dict(one.world.state.notes) == dict(two.world.state.notes)

    def test_another_seed_gives_another_phone(self) -> None:
        one, two = World(seed=1), World(seed=2)
        assert dict(one.state.contacts) != dict(two.state.contacts)
        assert one.properties()["ro.serialno"] != two.properties()["ro.serialno"]
        two.reset(1)
        assert dict(one.state.contacts) == dict(two.state.contacts)

    def test_names_are_in_several_scripts(self) -> None:
        for seed in range(5):
            names = [contact.name for contact in World(seed=seed).state.contacts.values()]
            assert sum(not name.isascii() and min(map(ord, name.replace(" ", "")), default=0) > 0x250
                       for name in names) >= 5  # fmt: skip


class TestMoving:
    def test_there_is_no_tree_until_the_page_has_come(self, hands: Hands) -> None:
        hands.world.start("com.android.settings")
        with pytest.raises(NotIdle):
            hands.world.hierarchy()
        hands.wait(0.19)
        with pytest.raises(NotIdle):
            hands.world.hierarchy()
        hands.wait(0.02)
        assert hands.sees(text="Settings")

    def test_every_moment_of_the_way_looks_different(self, hands: Hands) -> None:
        hands.world.screenshot()
        hands.world.start("com.android.settings")
        seen = set()
        for _ in range(5):
            seen.add(hands.world.screenshot().hash)
            hands.wait(0.05)
        assert len(seen) == 5
        assert hands.world.screenshot() is hands.world.screenshot()

    def test_without_animations_a_page_is_there_at_once(self, hands: Hands) -> None:
        hands.world.put_setting("global", "transition_animation_scale", "0")
        hands.world.start("com.android.settings")
        assert hands.sees(text="Settings")

    def test_all_ways_end_with_the_page(self, hands: Hands) -> None:
        steps = (
            lambda: hands.world.start("com.android.settings"),
            lambda: hands.world.key(4),
            lambda: hands.world.key(187),
        )
        for step in steps:
            step()
            hands.wait(0.1)
            middle = hands.world.screenshot().hash
            hands.wait()
            assert hands.world.screenshot().hash != middle


class TestRotation:
    def test_user_rotation_turns_the_screen_when_it_is_not_automatic(self, hands: Hands) -> None:
        hands.world.put_setting("system", "user_rotation", "1")
        assert hands.world.rotation == 0
        hands.world.put_setting("system", "accelerometer_rotation", "0")
        assert hands.world.rotation == 1
        assert hands.world.screenshot().size == Size(2400, 1080)
        assert hands.world.hierarchy().bounds == (0, 0, 2400, 1080)
        assert hands.world.size == Size(1080, 2400)

    @pytest.mark.parametrize("rotation", range(4))
    def test_touches_land_on_the_turned_screen(self, hands: Hands, rotation: int) -> None:
        hands.world.state.sensor_rotation = rotation
        hands.tap(text="Notes")
        assert hands.world.focus == NOTES

    def test_override_size_and_density(self, hands: Hands) -> None:
        hands.world.set_size(Size(720, 1600))
        assert hands.world.screenshot().size == Size(720, 1600)
        assert (hands.world.size, hands.world.override_size) == (Size(1080, 2400), Size(720, 1600))
        wide = hands.find(text="Notes").bounds
        hands.world.set_density(240)
        narrow = hands.find(text="Notes").bounds
        assert narrow.bottom - narrow.top < wide.bottom - wide.top
        hands.tap(text="Notes")
        assert hands.world.focus == NOTES
        hands.world.set_size(None)
        assert hands.world.screenshot().size == Size(1080, 2400)


class TestTime:
    def test_the_status_bar_shows_the_clock(self, hands: Hands) -> None:
        assert hands.find(id="clock").text == "09:41"
        first = hands.world.screenshot()
        hands.wait(59)
        assert hands.world.screenshot() is first
        hands.wait(2)
        assert hands.find(id="clock").text == "09:42"
        assert hands.world.screenshot().hash != first.hash

    def test_the_caret_blinks(self, hands: Hands) -> None:
        hands.launch("Contacts")
        hands.tap(id="search_view")
        hands.world.commit_text("a")
        seen = []
        for _ in range(4):
            seen.append(hands.world.screenshot().hash)
            hands.wait(0.5)
        assert seen[0] == seen[2]
        assert seen[1] == seen[3]
        assert seen[0] != seen[1]


class TestInputMethods:
    ADB = "com.android.adbkeyboard/.AdbIME"
    LATIN = "com.android.inputmethod.latin/.LatinIME"

    def test_one_must_be_enabled_before_it_is_set(self, hands: Hands) -> None:
        world = hands.world
        assert world.input_methods() == {self.LATIN: True, self.ADB: False}
        assert not world.set_input_method(self.ADB)
        assert world.enable_input_method(self.ADB, True)
        assert world.set_input_method(self.ADB)
        assert world.input_method == world.setting("secure", "default_input_method") == self.ADB
        assert world.enable_input_method(self.ADB, False)
        assert world.input_method == self.LATIN

    def test_an_unknown_one_is_refused(self, hands: Hands) -> None:
        assert not hands.world.enable_input_method("com.nobody/.Ime", True)
        assert not hands.world.set_input_method("com.nobody/.Ime")

    def test_the_adb_keyboard_has_no_keys(self, hands: Hands) -> None:
        hands.world.enable_input_method(self.ADB, True)
        hands.world.set_input_method(self.ADB)
        hands.launch("Contacts")
        hands.tap(id="search_view")
        assert hands.world.keyboard_shown
        assert hands.sees(text="ADB Keyboard {ON}", package="com.android.adbkeyboard")
        assert hands.world.commit_text("你好")
        assert hands.find(id="search_view").text == "你好"
