"""Which app a name means."""

import pytest

from environments.android.adb import AdbShell
from environments.android.apps import (
    App,
    find_app,
    installed_apps,
    names,
    parse_components,
    parse_labels,
    parse_packages,
)
from environments.errors import InvalidAction
from tests.environments.android.adb_server import ScriptedDevice

BRIEF = """\
3 activities found:
  Activity #0:
    priority=0 preferredOrder=0 match=0x108000 specificIndex=-1 isDefault=false
    com.android.settings/.Settings
  Activity #1:
    com.example.notes/com.example.notes.ui.Main
    com.example.notes/.Second
    evil;rm/.Main
"""
FULL = """\
  Activity #0:
    priority=0 match=0x108000
    ActivityInfo:
      name=com.example.notes.ui.Main
      packageName=com.example.notes
      labelRes=0x7f120001 nonLocalizedLabel=Field Notes icon=0x7f0f0000 banner=0x0
  Activity #1:
    ActivityInfo:
      packageName=com.android.settings
      labelRes=0x7f120001 nonLocalizedLabel=null icon=0x7f0f0000 banner=0x0
"""


def app(package: str, label: str = "") -> App:
    return App(package, f"{package}/.Main", names(package, label))


APPS = [
    app("com.android.settings"),
    app("com.example.notes", "Field Notes"),
    app("com.android.chrome"),
    app("com.tencent.mm"),
    app("org.fossify.gallery"),
    app("com.android.contacts"),
    app("com.google.android.contacts"),
]


def test_components_and_packages() -> None:
    assert parse_components(BRIEF) == {
        "com.android.settings": "com.android.settings/.Settings",
        "com.example.notes": "com.example.notes/com.example.notes.ui.Main",
    }
    listed = "package:com.a.b\npackage:/data/app/x==/base.apk=com.c.d\r\npackage:-x\nError\npackage:nodots\n"
    assert parse_packages(listed) == ["com.a.b", "com.c.d"]


def test_labels_where_the_device_tells_them() -> None:
    assert parse_labels(FULL) == {"com.example.notes": "Field Notes"}
    assert parse_labels("") == {}


@pytest.mark.parametrize(
    ("name", "package"),
    [
        ("Settings", "com.android.settings"),
        ("settings", "com.android.settings"),
        ("field notes", "com.example.notes"),
        ("Fieldnotes", "com.example.notes"),
        ("notes", "com.example.notes"),
        ("Google Chrome", "com.android.chrome"),
        ("com.android.chrome", "com.android.chrome"),
        ("com.android.chrome/.Main", "com.android.chrome"),
        ("微信", "com.tencent.mm"),
        ("WeChat", "com.tencent.mm"),
        ("Galery", "org.fossify.gallery"),
        ("Settngs", "com.android.settings"),
    ],
)
def test_names_that_are_understood(name: str, package: str) -> None:
    assert find_app(name, APPS).package == package


def test_an_unknown_name_gets_the_nearest() -> None:
    with pytest.raises(InvalidAction, match=r"no app called 'Chroma Key' is installed; nearest: Chrome \(com.android"):
        find_app("Chroma Key", APPS)
    with pytest.raises(InvalidAction, match=r"installed: Settings \(com.android.settings\), Field Notes"):
        find_app("zzzzqqq", APPS)
    with pytest.raises(InvalidAction, match="installed: none"):
        find_app("x", [])
    many = [app(f"com.example.app{'x' * number}") for number in range(1, 40)]
    with pytest.raises(InvalidAction, match="and 27 more"):
        find_app("qqqqqq", many)


def test_two_apps_of_one_name() -> None:
    with pytest.raises(InvalidAction, match=r"several apps .*Contacts \(com.android.contacts\).*com.google") as caught:
        find_app("Contacts", APPS)
    assert "name in brackets" in str(caught.value)
    assert find_app("com.google.android.contacts", APPS).package == "com.google.android.contacts"


def test_installed_apps(shell: AdbShell, device: ScriptedDevice) -> None:
    assert [found.component for found in installed_apps(shell)] == [
        "com.android.chrome/.Main", "com.android.settings/.Main", "com.example.notes/.Main",
    ]  # fmt: skip
    device.answers["cmd"] = (20, b"", b"Unknown command: query-activities\n")
    assert [(found.package, found.component) for found in installed_apps(shell)] == [
        ("com.android.chrome", ""), ("com.android.settings", ""), ("com.example.notes", ""),
    ]  # fmt: skip
