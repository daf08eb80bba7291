"""What a phone holds at first: contacts, notes and settings, all of them decided by a seed."""

import random
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from environments.phone.clock import START


@dataclass(frozen=True)
class Contact:
    """A person in Contacts."""

    name: str
    phone: str = ""
    email: str = ""


@dataclass(frozen=True)
class Note:
    """A note; `changed` is when it last was, in seconds since 1970."""

    title: str
    text: str = ""
    changed: float = START


_GIVEN = ("Ada", "Noah", "Chloé", "Björn", "Zofia", "Luca", "Inés", "Mateo", "Yusuf", "Freya", "Oscar", "Priya",
          "Hana", "Tomás", "Leila", "Ewan")  # fmt: skip
_FAMILY = ("Marlow", "Ferreira", "Nowak", "Lindqvist", "Okafor", "Rossi", "Duarte", "Ortiz", "Demir", "Hansen", "Weber",
           "Nair", "Kovač", "Silva", "Haddad", "Fraser")  # fmt: skip
_OTHER_SCRIPTS = ("李小龙", "王芳", "陈美玲", "山田 花子", "佐藤 健", "Анна Ковальчук", "Дмитрий Орлов", "Ελένη Παππά",
                  "ليلى حداد", "יעל כהן")  # fmt: skip
_NOTES = (
    ("Groceries", "Milk\nEggs\nRye bread\nTomatoes\nOlive oil"),
    ("Meeting on Tuesday", "Bring the figures for the second quarter. Ask about the new office."),
    ("Books to read", "The Left Hand of Darkness\nInvisible Cities\n三体"),
    ("Wi-Fi at the cabin", "The password is on the back of the box."),
    ("Ideas for the garden", "Move the beans to the sunny side, and try saffron."),
    ("Packing list", "Passport\nCharger\nRain jacket\nToothbrush"),
    ("Recipe: pancakes", "Two eggs, a cup of flour, a cup of milk, a pinch of salt."),
    ("Gift for Zofia", "She liked the blue teapot."),
)


def contacts_of(seed: int) -> dict[int, Contact]:
    """Twenty people, some of them with names that are not written in Latin letters."""
    dice = random.Random(f"contacts {seed}")  # noqa: S311  # a phone that can be had again, no secret
    pairs = dice.sample([(given, family) for given in _GIVEN for family in _FAMILY], 14)
    names = [f"{given} {family}" for given, family in pairs] + dice.sample(_OTHER_SCRIPTS, 6)
    people: dict[int, Contact] = {}
    for number, name in enumerate(names, 1):
        digits = f"{dice.randrange(10_000_000):07}"
        user = f"{name.split()[0].lower()}.{number}" if name.isascii() else f"friend{number}"
        people[number] = Contact(name, f"+1 555 {digits[:3]} {digits[3:]}", f"{user}@example.com")
    return people


def notes_of(seed: int) -> dict[int, Note]:
    """Five notes of the last days."""
    dice = random.Random(f"notes {seed}")  # noqa: S311
    chosen = dice.sample(_NOTES, 5)
    times = sorted((START - dice.randrange(3600, 12 * 86400) for _ in chosen), reverse=True)
    return {number: Note(*note, changed) for number, (note, changed) in enumerate(zip(chosen, times, strict=True), 1)}


def settings_of(seed: int) -> dict[Literal["system", "secure", "global"], dict[str, str]]:
    """The settings of a phone that was just set up; only the android_id depends on the seed."""
    dice = random.Random(f"settings {seed}")  # noqa: S311
    return {
        "system": {
            "accelerometer_rotation": "1", "font_scale": "1.0", "haptic_feedback_enabled": "1", "pointer_location": "0",
            "screen_brightness": "102", "screen_brightness_mode": "0", "screen_off_timeout": "60000",
            "show_touches": "0", "time_12_24": "24", "user_rotation": "0", "vibrate_when_ringing": "0",
            "volume_alarm_speaker": "6", "volume_music_speaker": "5", "volume_ring_speaker": "5",
        },
        "secure": {
            "accessibility_enabled": "0", "android_id": f"{dice.getrandbits(64):016x}",
            "default_input_method": "com.android.inputmethod.latin/.LatinIME",
            "enabled_input_methods": "com.android.inputmethod.latin/.LatinIME", "location_mode": "3",
            "lockscreen.disabled": "0", "show_ime_with_hard_keyboard": "1", "ui_night_mode": "1",
        },
        "global": {
            "adb_enabled": "1", "airplane_mode_on": "0", "animator_duration_scale": "1.0", "auto_time": "1",
            "bluetooth_on": "1", "data_roaming": "0", "development_settings_enabled": "1",
            "device_name": "handeye phone", "low_power": "0", "mobile_data": "1", "stay_on_while_plugged_in": "0",
            "transition_animation_scale": "1.0", "wifi_on": "1", "window_animation_scale": "1.0", "zen_mode": "0",
        },
    }  # fmt: skip


def properties_of(settings: Mapping[str, str], density: int) -> dict[str, str]:
    """The system properties of a phone with these secure settings."""
    return {
        "init.svc.adbd": "running", "persist.sys.timezone": "UTC", "ro.build.characteristics": "default",
        "ro.build.fingerprint": "handeye/handeye/handeye:14/HE1A.260310.001/1:userdebug/test-keys",
        "ro.build.id": "HE1A.260310.001", "ro.build.version.release": "14", "ro.build.version.sdk": "34",
        "ro.product.brand": "handeye", "ro.product.cpu.abi": "arm64-v8a", "ro.product.device": "handeye",
        "ro.product.manufacturer": "handeye", "ro.product.model": "handeye phone", "ro.product.name": "handeye",
        "ro.serialno": f"HE{settings.get('android_id', '')[:8].upper()}", "ro.sf.lcd_density": str(density),
        "sys.boot_completed": "1",
    }  # fmt: skip
