"""Which page is in front, without a screen: tasks, intents, and what is remembered."""

import pytest

from environments.phone.apps.app import Ui
from environments.phone.apps.navigation import Navigation
from environments.phone.apps.table import APPS
from environments.phone.clock import VirtualClock
from environments.phone.device import UnknownActivity
from environments.phone.state import LAUNCHER, State

SETTINGS, CONTACTS, NOTES = "com.android.settings", "com.android.contacts", "com.handeye.notes"


@pytest.fixture
def phone() -> Navigation:
    return Navigation(State(), VirtualClock(), APPS)


def pages(phone: Navigation) -> list[tuple[str, list[str]]]:
    return [(task.package, [visit.page for visit in task.visits]) for task in phone.state.tasks]


def took(phone: Navigation) -> str:
    """The motion since the last time."""
    motion, phone.motion = phone.motion, ""
    return motion


def test_every_app_can_be_declared_only_once() -> None:
    assert len({app.package for app in APPS}) == len(APPS)
    for app in APPS:
        assert "main" in app.pages
        assert set(app.actions.values()) <= set(app.pages)


def test_opening_and_going_back(phone: Navigation) -> None:
    phone.launch(SETTINGS)
    assert took(phone) == "rise"
    phone.open("display")
    assert took(phone) == "open"
    assert pages(phone) == [(SETTINGS, ["main", "display"])]
    phone.back()
    assert took(phone) == "back"
    phone.back()
    assert took(phone) == "fall"
    assert phone.state.front == LAUNCHER
    assert pages(phone) == [(SETTINGS, ["main"])]


def test_the_latest_task_comes_first(phone: Navigation) -> None:
    for package in (SETTINGS, CONTACTS, NOTES, SETTINGS):
        phone.launch(package)
    assert [package for package, _ in pages(phone)] == [SETTINGS, NOTES, CONTACTS]
    assert [focus.package for focus in phone.recent()] == [SETTINGS, NOTES, CONTACTS]


def test_nothing_moves_when_nothing_changes(phone: Navigation) -> None:
    phone.home()
    phone.back()
    assert took(phone) == ""
    phone.launch(NOTES)
    took(phone)
    phone.launch(NOTES)
    assert took(phone) == ""


@pytest.mark.parametrize(
    ("package", "activity", "action", "page"),
    [
        (SETTINGS, "", "", "main"),
        (SETTINGS, ".Settings", "", "main"),
        (SETTINGS, "com.android.settings.wifi.WifiSettings", "", "wifi"),
        (SETTINGS, "", "android.settings.SOUND_SETTINGS", "sound"),
        ("", "", "android.settings.DEVICE_INFO_SETTINGS", "about"),
        (CONTACTS, "", "android.intent.action.INSERT", "edit"),
        (CONTACTS, "", "android.intent.action.MAIN", "main"),
        (LAUNCHER, "", "", "home"),
        ("", "", "android.intent.category.HOME", "home"),
    ],
)
def test_intents(phone: Navigation, package: str, activity: str, action: str, page: str) -> None:
    phone.launch(NOTES)
    focus = phone.start(package, activity, action, "")
    assert phone.front()[1].page == page
    assert focus == phone.focus()


def test_the_same_page_is_not_opened_twice(phone: Navigation) -> None:
    for _ in range(2):
        phone.start("", "", "android.settings.WIFI_SETTINGS", "")
    assert pages(phone) == [(SETTINGS, ["main", "wifi"])]


@pytest.mark.parametrize(
    ("package", "activity", "data"), [("", "", ""), ("", "", "tel:123"), ("com.nobody", "", ""), (NOTES, "Main", "")]
)
def test_what_nothing_answers(phone: Navigation, package: str, activity: str, data: str) -> None:
    with pytest.raises(UnknownActivity):
        phone.start(package, activity, "", data)
    assert pages(phone) == []


def test_closing_a_task_in_front_goes_home(phone: Navigation) -> None:
    phone.launch(SETTINGS)
    phone.launch(NOTES)
    phone.close_task(SETTINGS)
    assert phone.state.front == NOTES
    phone.close_task(NOTES)
    assert phone.state.front == LAUNCHER
    assert pages(phone) == []


def test_a_page_with_a_field_to_fill_opens_the_keyboard(phone: Navigation) -> None:
    phone.launch(CONTACTS)
    assert not phone.state.keyboard_open
    phone.open("edit")
    assert phone.state.keyboard_open
    assert phone.front()[1].memory.focus == "name"
    phone.home()
    assert not phone.state.keyboard_open


def test_leaving_a_note_keeps_it(phone: Navigation) -> None:
    phone.launch(NOTES)
    phone.open("edit")
    phone.view()
    phone.front()[1].memory.field("title", "").insert("Kept")
    phone.back()
    assert "Kept" in {note.title for note in phone.state.notes.values()}


def test_home_does_not_leave_a_note(phone: Navigation) -> None:
    phone.launch(NOTES)
    phone.open("edit")
    phone.front()[1].memory.field("title", "").insert("Later")
    phone.home()
    assert "Later" not in {note.title for note in phone.state.notes.values()}
    phone.launch(NOTES)
    assert Ui(phone, phone.front()[1]).text("title") == "Later"


def test_dialogs_are_opened_and_closed_by_name(phone: Navigation) -> None:
    phone.launch(NOTES)
    ui = Ui(phone, phone.front()[1])
    assert phone.view().dialog is None
    ui.ask("1")
    assert phone.view().dialog is not None
    ui.close()
    assert phone.view().dialog is None


def test_a_deleted_contact_that_is_still_open_is_no_error(phone: Navigation) -> None:
    phone.launch(CONTACTS)
    phone.open("person", "1")
    phone.state.contacts.clear()
    phone.view()
    phone.open("edit", "1")
    phone.view()


def test_packages_have_labels_and_full_names(phone: Navigation) -> None:
    packages = {package.name: package for package in phone.packages()}
    assert packages[NOTES].activity == "com.handeye.notes.MainActivity"
    assert not packages[NOTES].system
    assert packages["com.android.systemui"].activity == ""
    assert all(package.label for package in packages.values())
