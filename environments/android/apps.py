"""Which app a name means, among those that a device can launch.

Android tells labels to apps, not to its shell: they are known where the device gives them away, and for well-known
packages; every app answers to its package name and to the last part of it. What a model writes only chooses among
the device's own packages: it never becomes a part of a command.
"""

import difflib
import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from environments.android.adb import AdbShell
from environments.errors import InvalidAction
from environments.stop import Stop

PACKAGE = re.compile(r"[A-Za-z]\w*(?:\.[A-Za-z]\w*)+\Z", re.ASCII)
_COMPONENT = re.compile(r"^\s*([A-Za-z][\w.]*)/([\w.$]+)\s*$", re.MULTILINE | re.ASCII)
_ACCEPTED = 0.85
"""How alike two names must be, of 1, for one to be taken for the other."""
_SUGGESTED = 0.5
_LISTED = 12
_MAIN = ("-a", "android.intent.action.MAIN", "-c", "android.intent.category.LAUNCHER")
_DULL = {"android", "app", "apps", "mobile", "client", "main", "com", "org", "net", "google"}

WELL_KNOWN: Mapping[str, tuple[str, ...]] = {
    "com.android.settings": ("Settings",),
    "com.android.chrome": ("Chrome", "Google Chrome"),
    "org.mozilla.firefox": ("Firefox",),
    "com.google.android.gm": ("Gmail",),
    "com.google.android.apps.maps": ("Maps", "Google Maps"),
    "com.google.android.youtube": ("YouTube",),
    "com.google.android.apps.photos": ("Photos", "Google Photos"),
    "com.google.android.calendar": ("Calendar", "Google Calendar"),
    "com.google.android.deskclock": ("Clock",),
    "com.google.android.calculator": ("Calculator",),
    "com.google.android.contacts": ("Contacts",),
    "com.google.android.dialer": ("Phone",),
    "com.google.android.apps.messaging": ("Messages",),
    "com.google.android.apps.nbu.files": ("Files", "Files by Google"),
    "com.google.android.keep": ("Keep", "Google Keep"),
    "com.android.vending": ("Play Store", "Google Play"),
    "com.android.contacts": ("Contacts",),
    "com.android.dialer": ("Phone",),
    "com.android.mms": ("Messages",),
    "com.android.messaging": ("Messages",),
    "com.android.calendar": ("Calendar",),
    "com.android.deskclock": ("Clock",),
    "com.android.calculator2": ("Calculator",),
    "com.android.camera2": ("Camera",),
    "com.android.gallery3d": ("Gallery",),
    "com.android.documentsui": ("Files",),
    "com.whatsapp": ("WhatsApp",),
    "org.telegram.messenger": ("Telegram",),
    "org.thoughtcrime.securesms": ("Signal",),
    "com.spotify.music": ("Spotify",),
    "com.tencent.mm": ("WeChat", "微信"),
    "com.eg.android.AlipayGphone": ("Alipay", "支付宝"),
    "com.taobao.taobao": ("Taobao", "淘宝"),
}


class App(NamedTuple):
    """An app that has a launcher activity: its package, its component for `am start -n`, and its names."""

    package: str
    component: str
    names: tuple[str, ...]

    @property
    def words(self) -> str:
        return f"{self.names[0]} ({self.package})"


def installed_apps(shell: AdbShell, stop: Stop | None = None) -> list[App]:
    """The apps that can be launched, by package. Raises DeviceLost."""
    brief, full, listed = shell.read_all(
        [
            ["cmd", "package", "query-activities", "--brief", "--components", *_MAIN],
            ["cmd", "package", "query-activities", *_MAIN],
            ["pm", "list", "packages"],
        ],
        stop=stop,
    )
    labels = parse_labels(full.text)
    components = parse_components(brief.text)
    if not components:
        components = dict.fromkeys(parse_packages(listed.text), "")
    return [App(package, component, names(package, labels.get(package, ""))) for package, component in
            sorted(components.items())]  # fmt: skip


def parse_components(text: str) -> dict[str, str]:
    """Launcher components by package; the first of several counts."""
    found: dict[str, str] = {}
    for package, activity in _COMPONENT.findall(text):
        if PACKAGE.match(package):
            found.setdefault(package, f"{package}/{activity}")
    return found


def parse_packages(text: str) -> list[str]:
    """The packages in `pm list packages`."""
    lines = (line.strip() for line in text.splitlines())
    packages = (line.rpartition("=")[2].removeprefix("package:") for line in lines if line.startswith("package:"))
    return [package for package in packages if PACKAGE.match(package)]


def parse_labels(text: str) -> dict[str, str]:
    """Labels by package, from ResolveInfo dumps: those that an app declares as plain text."""
    labels: dict[str, str] = {}
    package = ""
    for line in text.splitlines():
        name = re.search(r"\bpackageName=([\w.]+)", line)
        package = name[1] if name else package
        label = re.search(r"\bnonLocalizedLabel=(.+?)(?:\s+icon=|\s+banner=|$)", line)
        if label and package and label[1] != "null":
            labels.setdefault(package, label[1].strip()[:100])
        elif "nonLocalizedLabel=" not in line and package not in labels:
            found = re.search(r"\b(?:application-)?label[:=]'?([^']{1,100})'?\s*$", line)
            if found and package:
                labels[package] = found[1].strip()
    return labels


def names(package: str, label: str = "") -> tuple[str, ...]:
    """All names of an app, the best first."""
    parts = [part for part in package.split(".")[1:] if part.lower() not in _DULL]
    known = WELL_KNOWN.get(package, ())
    candidates = [label, *known, *(parts[-1:] or [package])]
    return tuple(dict.fromkeys(name for name in candidates if name))


def find_app(name: str, apps: Sequence[App]) -> App:
    """The app with this package or name, or with one that is nearly the same; capitals and spaces do not matter.

    Raises InvalidAction, naming the nearest, when none or more than one is meant.
    """
    wanted = _folded(name)
    for app in apps:
        if app.package == name.strip() or app.component == name.strip():
            return app
    for depth in range(max((len(app.names) for app in apps), default=0)):
        found = [app for app in apps if len(app.names) > depth and _folded(app.names[depth]) == wanted]
        if found:
            return _only(found, name)
    scores = sorted(((_likeness(wanted, app.names), app) for app in apps), key=lambda pair: -pair[0])
    good = [app for score, app in scores if score >= _ACCEPTED and score == scores[0][0]]
    if good:
        return _only(good, name)
    near = [app.words for score, app in scores[:5] if score >= _SUGGESTED]
    hint = f"nearest: {', '.join(near)}" if near else f"installed: {_some(app.words for app in apps)}"
    raise InvalidAction(f"no app called {name[:80]!r} is installed; {hint}")


def _only(found: Sequence[App], name: str) -> App:
    if len(found) > 1:
        choices = ", ".join(app.words for app in found[:_LISTED])
        raise InvalidAction(f"several apps are called {name[:80]!r}: {choices}; use the name in brackets")
    return found[0]


def _likeness(wanted: str, known: Iterable[str]) -> float:
    return max(difflib.SequenceMatcher(None, wanted, _folded(name)).ratio() for name in known)


def _folded(text: str) -> str:
    folded = unicodedata.normalize("NFKC", text).casefold()
    return "".join(character for character in folded if character.isalnum())


def _some(words: Iterable[str]) -> str:
    listed = list(words)
    more = f" and {len(listed) - _LISTED} more" if len(listed) > _LISTED else ""
    return f"{', '.join(listed[:_LISTED]) or 'none'}{more}"
