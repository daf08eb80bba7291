"""What the phone knows, as typed data that anyone may read and set: settings, contacts, notes, open apps.

Records are frozen; a change is a new record in its table. Everything counts its changes (`State.revision`), so that
the screen is drawn again when, and only when, something did change.
"""

import re
from collections.abc import Callable, Iterator, MutableMapping
from dataclasses import dataclass, field
from typing import Any, Generic, Literal, TypeVar

from environments.phone.screen.memory import Memory
from environments.phone.seeds import Contact, Note, contacts_of, notes_of, settings_of

__all__ = ["ADB_IME", "LATIN_IME", "LAUNCHER", "Contact", "Namespace", "Note", "Settings", "State", "Table", "Task",
           "Visit", "new_id"]  # fmt: skip

K = TypeVar("K")
V = TypeVar("V")
Namespace = Literal["system", "secure", "global"]

LAUNCHER = "com.android.launcher3"
LATIN_IME = "com.android.inputmethod.latin/.LatinIME"
ADB_IME = "com.android.adbkeyboard/.AdbIME"


class Table(MutableMapping[K, V]):
    """A dictionary that counts its changes."""

    def __init__(self, items: dict[K, V]) -> None:
        self._items = dict(items)
        self.revision = 0

    def __getitem__(self, key: K) -> V:
        return self._items[key]

    def __setitem__(self, key: K, value: V) -> None:
        self._items[key] = value
        self.revision += 1

    def __delitem__(self, key: K) -> None:
        del self._items[key]
        self.revision += 1

    def __iter__(self) -> Iterator[K]:
        return iter(self._items)

    def __len__(self) -> int:
        return len(self._items)

    def __repr__(self) -> str:
        return f"Table({self._items!r})"


def new_id(table: Table[int, Any]) -> int:
    """A number that no record of the table has."""
    return max(table, default=0) + 1


T = TypeVar("T")


@dataclass(frozen=True)
class Value(Generic[T]):
    """An attribute of Settings that stands for one of Android's settings, which are all kept as text."""

    namespace: Namespace
    name: str
    read: Callable[[str], T]
    write: Callable[[T], str] = str

    def __get__(self, settings: "Settings", _: type) -> T:
        return self.read(settings.table(self.namespace).get(self.name, ""))

    def __set__(self, settings: "Settings", value: T) -> None:
        settings.put(self.namespace, self.name, self.write(value))


def _flag(namespace: Namespace, name: str, off: str = "0", on: str = "1") -> Value[bool]:
    return Value(namespace, name, lambda text: text == on, lambda value: on if value else off)


def _number(namespace: Namespace, name: str) -> Value[int]:
    return Value(namespace, name, lambda text: int(text) if re.fullmatch(r"-?\d{1,9}", text) else 0)


def _decimal(namespace: Namespace, name: str) -> Value[float]:
    return Value(namespace, name, lambda text: float(text) if re.fullmatch(r"\d{1,9}(\.\d*)?", text) else 1.0)


class Settings:
    """Android's three tables of settings, and by attribute those that the phone's apps show."""

    airplane_mode = _flag("global", "airplane_mode_on")
    wifi = _flag("global", "wifi_on")
    mobile_data = _flag("global", "mobile_data")
    data_roaming = _flag("global", "data_roaming")
    bluetooth = _flag("global", "bluetooth_on")
    battery_saver = _flag("global", "low_power")
    do_not_disturb = _flag("global", "zen_mode")
    transition_scale = _decimal("global", "transition_animation_scale")
    device_name = Value("global", "device_name", str)
    brightness = _number("system", "screen_brightness")
    adaptive_brightness = _flag("system", "screen_brightness_mode")
    auto_rotate = _flag("system", "accelerometer_rotation")
    user_rotation = _number("system", "user_rotation")
    font_scale = _decimal("system", "font_scale")
    screen_timeout = _number("system", "screen_off_timeout")
    media_volume = _number("system", "volume_music_speaker")
    ring_volume = _number("system", "volume_ring_speaker")
    alarm_volume = _number("system", "volume_alarm_speaker")
    vibrate = _flag("system", "vibrate_when_ringing")
    twelve_hours = _flag("system", "time_12_24", "24", "12")
    dark_theme = _flag("secure", "ui_night_mode", "1", "2")
    location = _flag("secure", "location_mode", "0", "3")
    no_lock_screen = _flag("secure", "lockscreen.disabled")
    input_method = Value("secure", "default_input_method", str)
    enabled_input_methods = Value("secure", "enabled_input_methods", str)

    def __init__(self, tables: dict[Namespace, dict[str, str]]) -> None:
        self._tables: dict[Namespace, Table[str, str]] = {name: Table(items) for name, items in tables.items()}
        self._radios = (True, True)

    @property
    def revision(self) -> int:
        return sum(table.revision for table in self._tables.values())

    def table(self, namespace: Namespace) -> Table[str, str]:
        """One of the tables; raises KeyError for a namespace that Android does not have."""
        return self._tables[namespace]

    def put(self, namespace: Namespace, name: str, value: str | None) -> None:
        """Set or, with None, delete. Airplane mode takes the radios along, and gives them back when it ends."""
        table, flying = self._tables[namespace], self.airplane_mode
        if value is None:
            table.pop(name, None)
        elif table.get(name) != value:
            table[name] = value
        if self.airplane_mode and not flying:
            self._radios = (self.wifi, self.bluetooth)
            self.wifi = self.bluetooth = False
        elif flying and not self.airplane_mode:
            self.wifi, self.bluetooth = self._radios

    def input_methods(self) -> dict[str, bool]:
        """The ids of the installed input methods, and whether each is enabled."""
        enabled = self.enabled_input_methods.split(":")
        return {name: name in enabled for name in (LATIN_IME, ADB_IME)}

    def enable_input_method(self, name: str, enabled: bool) -> bool:
        """False when there is no such input method. Without the current one, another takes its place."""
        known = self.input_methods()
        if name not in known:
            return False
        known[name] = enabled
        left = [each for each, on in known.items() if on]
        self.enabled_input_methods = ":".join(left)
        if self.input_method not in left:
            self.input_method = left[0] if left else ""
        return True


@dataclass
class Visit:
    """A page of an app that is open: the name of the page, what it is about, what it remembers, since when."""

    page: str
    argument: str = ""
    opened: float = float("-inf")
    memory: Memory = field(default_factory=Memory)


@dataclass
class Task:
    """An app that was opened, and its pages; the last one is on top."""

    package: str
    visits: list[Visit]


class State:
    """The phone's state, all of it from `seed`; `reset` brings it back.

    `front` is the package in front, `home` the launcher's page; `tasks` are the opened apps, the latest first.
    """

    contacts: Table[int, Contact]
    notes: Table[int, Note]
    settings: Settings
    tasks: list[Task]
    home: Visit
    front: str
    clipboard: str
    wifi_network: str
    lock_pin: str
    keyboard_open: bool
    awake: bool
    locked: bool
    battery: int
    sensor_rotation: int

    def __init__(self, seed: int = 0) -> None:
        self._own_revision = 0
        self.reset(seed)

    def __setattr__(self, name: str, value: object) -> None:
        super().__setattr__(name, value)
        if name != "_own_revision":
            self._own_revision += 1

    @property
    def revision(self) -> int:
        """Grows with every change of a table, a setting or an attribute."""
        return self._own_revision + self.settings.revision + self.contacts.revision + self.notes.revision

    def reset(self, seed: int | None = None) -> None:
        """Everything as it was at the beginning, or as another seed has it."""
        self.seed: int = self.seed if seed is None else seed
        before = self._own_revision + (self.revision if hasattr(self, "notes") else 0)
        self.contacts = Table(contacts_of(self.seed))
        self.notes = Table(notes_of(self.seed))
        self.settings = Settings(settings_of(self.seed))
        self.tasks, self.home, self.front = [], Visit("home"), LAUNCHER
        self.clipboard = self.lock_pin = ""
        self.wifi_network = "Harbour"
        self.keyboard_open = self.locked = False
        self.awake = True
        self.battery, self.sensor_rotation = 80, 0
        self._own_revision = before + 1  # the tables count from zero again, the state as a whole does not
