"""Settings: a page of pages, with the switches, sliders and choices that a phone's owner turns."""

from collections.abc import Callable
from functools import partial

from environments.phone.apps.app import Activity, App, Ui
from environments.phone.screen import (
    AppBar,
    Choice,
    Dialog,
    Header,
    Icon,
    List,
    Page,
    Row,
    Slider,
    Space,
    TextField,
    Widget,
    switch_row,
)
from environments.phone.screen.theme import Colour

SECTIONS: tuple[tuple[str, str, str, str, Colour], ...] = (
    ("network", "Network & internet", "Mobile, Wi-Fi, airplane mode", "wifi", (26, 115, 232)),
    ("connected", "Connected devices", "Bluetooth, pairing", "bluetooth", (24, 128, 56)),
    ("apps", "Apps", "Recent apps, all apps", "apps", (230, 81, 0)),
    ("sound", "Sound & vibration", "Volume, vibration, Do Not Disturb", "sound", (173, 52, 120)),
    ("display", "Display", "Dark theme, font size, brightness", "display", (217, 119, 6)),
    ("security", "Security", "Screen lock", "lock", (46, 125, 90)),
    ("battery", "Battery", "80%, battery saver", "battery", (0, 121, 107)),
    ("language", "Language & input", "Date, time, keyboards", "edit", (94, 53, 177)),
    ("about", "About phone", "handeye phone", "phone", (84, 110, 122)),
)
NETWORKS = ("Harbour", "Lighthouse 5G", "CafeNord", "Printer-7F")
DEVICES = ("Headphones", "Car", "Keyboard K2")
SIZES = (("Small", 0.85), ("Default", 1.0), ("Large", 1.15), ("Largest", 1.3))
TIMEOUTS = (("15 seconds", 15), ("30 seconds", 30), ("1 minute", 60), ("5 minutes", 300), ("10 minutes", 600))


def main(ui: Ui) -> Page:
    """The first page."""
    rows = tuple(
        Row(title, summary, Icon(icon, size=20, disc=colour), tap=partial(ui.open, page))
        for page, title, summary, icon, colour in SECTIONS
    )
    return Page(
        List(rows, "recycler_view", "androidx.recyclerview.widget.RecyclerView"), AppBar("Settings", large=True)
    )


def network(ui: Ui) -> Page:
    settings = ui.state.settings
    status = ui.state.wifi_network if settings.wifi else "Off"
    data, roaming = (None if settings.airplane_mode else _setter(ui, name) for name in ("mobile_data", "data_roaming"))
    return _page(ui, "Network & internet", (
        Row("Internet", status, Icon("wifi"), tap=partial(ui.open, "wifi")),
        switch_row("Mobile data", settings.mobile_data, data, "signal", "Access data using mobile network"),
        switch_row("Roaming", settings.data_roaming, roaming, "call"),
        switch_row("Airplane mode", settings.airplane_mode, _setter(ui, "airplane_mode"), "plane"),
    ))  # fmt: skip


def wifi(ui: Ui) -> Page:
    on, chosen = ui.state.settings.wifi, ui.state.wifi_network
    networks: list[Widget] = [
        Row(name, "Connected" if name == chosen else "Secured", Icon("wifi"), divider=True,
            tap=partial(setattr, ui.state, "wifi_network", name))
        for name in NETWORKS
    ]  # fmt: skip
    hint = Row("To see available networks, turn on Wi-Fi", enabled=False)
    switch = switch_row("Wi-Fi", on, _setter(ui, "wifi"))
    return _page(ui, "Internet", (switch, *(networks if on else [hint])))


def connected(ui: Ui) -> Page:
    on = ui.state.settings.bluetooth
    saved = (Header("Saved devices"), *(Row(name, "Not connected", Icon("bluetooth")) for name in DEVICES))
    switch = switch_row("Bluetooth", on, _setter(ui, "bluetooth"), "bluetooth", "Pair with nearby devices")
    return _page(ui, "Connected devices", (switch, *(saved if on else ())))


def apps(ui: Ui) -> Page:
    known = sorted((package for package in ui.stage.packages() if package.activity), key=lambda each: each.label)
    return _page(ui, "Apps", (Header("All apps"), *(
        Row(package.label, f"{package.version_name}, {package.name}",
            Icon((app := ui.stage.app(package.name)).icon, size=20, disc=app.colour),
            tap=partial(ui.open, "app", package.name))
        for package in known
    )))  # fmt: skip


def app_info(ui: Ui) -> Page:
    shown, open_now = ui.stage.app(ui.argument), any(task.package == ui.argument for task in ui.tasks)
    return _page(ui, "App info", (
        Row(shown.label, shown.package, Icon(shown.icon, size=20, disc=shown.colour)),
        Row("Open", tap=partial(ui.stage.launch, ui.argument), leading=Icon("next")),
        Row("Force stop", leading=Icon("close"), tap=partial(ui.stage.close_task, ui.argument), enabled=open_now),
        Row("Version", shown.version, Icon("info")),
    ))  # fmt: skip


def sound(ui: Ui) -> Page:
    settings = ui.state.settings
    sliders: list[Widget] = []
    for title, name, top in (("Media volume", "media_volume", 15), ("Ring volume", "ring_volume", 7),
                             ("Alarm volume", "alarm_volume", 7)):  # fmt: skip
        change = lambda value, name=name, top=top: setattr(settings, name, round(value * top))  # noqa: E731
        sliders += [Row(title, f"{getattr(settings, name)} of {top}", Icon("sound")),
                    Slider(getattr(settings, name) / top, change, title)]  # fmt: skip
    return _page(ui, "Sound & vibration", (
        *sliders,
        switch_row("Do Not Disturb", settings.do_not_disturb, _setter(ui, "do_not_disturb")),
        switch_row("Vibrate for calls", settings.vibrate, _setter(ui, "vibrate")),
    ))  # fmt: skip


def display(ui: Ui) -> Page:
    settings = ui.state.settings
    size = min(SIZES, key=lambda each: abs(each[1] - settings.font_scale))
    seconds = settings.screen_timeout // 1000
    timeout = next((name for name, value in TIMEOUTS if value == seconds), f"{seconds} seconds")
    rows: tuple[Widget, ...] = (
        Header("Brightness"),
        Row("Brightness level", f"{round(100 * settings.brightness / 255)}%", Icon("display")),
        Slider(settings.brightness / 255, lambda value: setattr(settings, "brightness", max(1, round(255 * value))),
               "Brightness"),
        switch_row("Adaptive brightness", settings.adaptive_brightness, _setter(ui, "adaptive_brightness")),
        Header("Appearance"),
        switch_row("Dark theme", settings.dark_theme, _setter(ui, "dark_theme")),
        Row("Font size", size[0], tap=partial(ui.ask, "size")),
        Header("Other display controls"),
        switch_row("Auto-rotate screen", settings.auto_rotate, _setter(ui, "auto_rotate")),
        Row("Screen timeout", f"After {timeout} of inactivity", tap=partial(ui.ask, "timeout")),
    )  # fmt: skip
    choices = tuple((name, 1000 * value) for name, value in TIMEOUTS)
    dialog = {
        "size": lambda: _choice(ui, "Font size", SIZES, "font_scale"),
        "timeout": lambda: _choice(ui, "Screen timeout", choices, "screen_timeout"),
    }.get(ui.dialog)
    return _page(ui, "Display", rows, dialog and dialog())


def security(ui: Ui) -> Page:
    lock = "PIN" if ui.state.lock_pin else "Swipe"
    return _page(ui, "Security", (Row("Screen lock", lock, Icon("lock"), tap=partial(ui.open, "pin")),))


def pin(ui: Ui) -> Page:
    """Setting the PIN: a page that cannot be captured."""

    def keep() -> None:
        ui.state.lock_pin = ui.text("password_entry")
        ui.back()

    field = TextField("password_entry", "PIN", password=True, icon="lock", keys="phone", submit=keep)
    return _page(ui, "Set screen lock", (Space(8), field, Row("Confirm", tap=keep, leading=Icon("check"))))


def battery(ui: Ui) -> Page:
    return _page(ui, "Battery", (
        Row(f"{ui.state.battery}%", "About 1 day left", Icon("battery")),
        switch_row("Battery Saver", ui.state.settings.battery_saver, _setter(ui, "battery_saver")),
    ))  # fmt: skip


def language(ui: Ui) -> Page:
    settings = ui.state.settings
    current = settings.input_method.split("/")[0]
    return _page(ui, "Language & input", (
        Row("Languages", "English (United States)", Icon("chat")),
        Row("On-screen keyboard", current, Icon("edit")),
        switch_row("Use 24-hour format", not settings.twelve_hours,
                   lambda on: setattr(settings, "twelve_hours", not on)),
        switch_row("Use location", settings.location, _setter(ui, "location")),
    ))  # fmt: skip


def about(ui: Ui) -> Page:
    settings = ui.state.settings
    facts = (("Device name", settings.device_name), ("Model", "handeye phone"), ("Android version", "14"),
             ("Android security update", "March 5, 2026"), ("Kernel version", "6.1.75-handeye"),
             ("Baseband version", "none"), ("Build number", "HE1A.260310.001"),
             ("Wi-Fi MAC address", "02:00:00:5e:10:01"),
             ("Android ID", settings.table("secure")["android_id"]), ("IP address", "192.168.1.23"),
             ("Up time", "1 day"), ("Legal information", "Apache License 2.0"))  # fmt: skip
    return _page(ui, "About phone", tuple(Row(name, value, divider=True) for name, value in facts))


def _page(ui: Ui, title: str, rows: tuple[Widget, ...], dialog: Dialog | None = None) -> Page:
    body = List(rows, "recycler_view", "androidx.recyclerview.widget.RecyclerView")
    return Page(body, AppBar(title, ui.back), dialog=dialog)


def _choice(ui: Ui, title: str, choices: tuple[tuple[str, float], ...], name: str) -> Dialog:
    """One of several values of a setting, to be chosen by a tap."""

    def choose(value: float) -> None:
        setattr(ui.state.settings, name, value)
        ui.close()

    current = getattr(ui.state.settings, name)
    rows = tuple(Choice(label, value == current, partial(choose, value)) for label, value in choices)
    return Dialog(title, body=rows, buttons=(("Cancel", ui.close),), dismiss=ui.close)


def _setter(ui: Ui, name: str) -> Callable[[bool], None]:
    return partial(setattr, ui.state.settings, name)


APP = App(
    "com.android.settings", "Settings", "gear", (84, 110, 122),
    {
        "main": Activity(".Settings", main),
        **{name: Activity(".SubSettings", view) for name, view in {
            "network": network, "connected": connected, "apps": apps, "app": app_info, "sound": sound,
            "display": display, "security": security, "battery": battery, "language": language, "about": about,
        }.items()},
        "wifi": Activity(".wifi.WifiSettings", wifi),
        "pin": Activity(".password.ChooseLockPassword", pin, secure=True, focus="password_entry"),
    },
    actions={
        "android.settings.SETTINGS": "main", "android.settings.WIRELESS_SETTINGS": "network",
        "android.settings.AIRPLANE_MODE_SETTINGS": "network", "android.settings.WIFI_SETTINGS": "wifi",
        "android.settings.BLUETOOTH_SETTINGS": "connected", "android.settings.DISPLAY_SETTINGS": "display",
        "android.settings.SOUND_SETTINGS": "sound", "android.settings.APPLICATION_SETTINGS": "apps",
        "android.settings.SECURITY_SETTINGS": "security", "android.settings.DEVICE_INFO_SETTINGS": "about",
        "android.settings.INPUT_METHOD_SETTINGS": "language",
    },
)  # fmt: skip
