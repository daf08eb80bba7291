"""Which applications are installed, read from freedesktop .desktop files, and which of them a name means.

What a model writes only chooses among them: it never becomes a part of a command. What a file says becomes a list
of arguments, never a shell's line (Desktop Entry Specification 1.5).
"""

import difflib
import os
import shutil
import stat
import unicodedata
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from environments.errors import InvalidAction

MAX_FILE_BYTES = 1 << 18
MAX_NAME = 100

_CUTOFF = 0.6
_SUGGESTIONS = 5
_LISTED = 20
_ESCAPES = {"s": " ", "n": "\n", "t": "\t", "r": "\r", "\\": "\\"}
_FIELD_CODES = set("fFuUickdDnNvm")  # the last six are deprecated; all stand for what is not given here
_SPACES = " \t\r\n"


@dataclass(frozen=True)
class App:
    """An installed application: its desktop file id, its name, and what starts it.

    `names` are all its names, translations included; `kinds` what it is in general ("Text Editor").
    """

    id: str
    name: str
    argv: tuple[str, ...]
    names: tuple[str, ...] = ()
    kinds: tuple[str, ...] = ()

    @property
    def program(self) -> str:
        """The name of the executable; that which `env` starts, when it is started through `env`."""
        first = Path(self.argv[0]).name
        if first != "env":
            return first
        return next((Path(w).name for w in self.argv[1:] if "=" not in w and not w.startswith("-")), first)


def installed_apps(environment: Mapping[str, str]) -> list[App]:
    """The applications that a program with these environment variables would be shown, by name."""
    return read_apps(data_folders(environment), environment.get("PATH", os.defpath))


def data_folders(environment: Mapping[str, str]) -> list[Path]:
    """The XDG data directories, the most important first; relative ones do not count."""
    home = environment.get("XDG_DATA_HOME") or f"{environment.get('HOME', '')}/.local/share"
    rest = environment.get("XDG_DATA_DIRS") or "/usr/local/share:/usr/share"
    return [Path(folder) for folder in [home, *rest.split(":")] if folder.startswith("/")]


def read_apps(folders: Sequence[Path], path: str) -> list[App]:
    """The applications in the `applications` folders of these, sorted by name.

    Of several files with one id the first counts. Left out are hidden ones, those for a terminal, those whose
    program is not found on `path`, and files that are broken in any way.
    """
    apps: dict[str, App | None] = {}
    for folder in folders:
        for file in _desktop_files(folder / "applications"):
            identity = "-".join(file.relative_to(folder / "applications").parts).removesuffix(".desktop")
            if identity not in apps and (text := _read(file)) is not None:
                apps[identity] = _app(identity, _entry(text), path)
    return sorted((app for app in apps.values() if app is not None), key=lambda app: (_folded(app.name), app.id))


def find_app(name: str, apps: Sequence[App]) -> App:
    """The application with this name, id, executable, translated name or, failing these, of this kind.

    Capitals do not matter. Raises InvalidAction, naming the nearest, when none or more than one is meant.
    """
    wanted = _folded(name)
    ways: tuple[Callable[[App], Sequence[str]], ...] = (
        lambda app: (app.name,),
        lambda app: (app.id, f"{app.id}.desktop"),
        lambda app: (app.program,),
        lambda app: app.names,
        lambda app: app.kinds,
    )
    for way in ways:
        found = [app for app in apps if wanted in map(_folded, way(app))]
        if len(found) == 1:
            return found[0]
        if found:
            choices = ", ".join(f"{app.name} ({app.id})" for app in found[:_LISTED])
            raise InvalidAction(f"several applications are called {name!r}: {choices}; use the name in brackets")
    raise InvalidAction(f"no application called {name!r} is installed; {_instead(wanted, apps)}")


def parse_exec(value: str) -> tuple[str, ...]:
    """The arguments of an Exec key, field codes dropped. Raises ValueError for an invalid one."""
    words = (_without_field_codes(word) for word in _words(value))
    argv = tuple(word for word in words if word is not None)
    if not argv or not argv[0] or "=" in argv[0] or "\0" in value:
        raise ValueError("it starts nothing")
    return argv


def _words(value: str) -> Iterator[str]:
    """Split at spaces, observing quotes; a backslash makes the next character an ordinary one."""
    word: list[str] | None = None
    quote = ""
    characters = iter(value)
    for character in characters:
        if not quote and character in _SPACES:
            if word is not None:
                yield "".join(word)
            word = None
            continue
        word = [] if word is None else word
        if character == "\\" and quote != "'":
            following = next(characters, "")
            # Within double quotes only these four are escaped; before others the backslash stands for itself.
            word.append(following if not quote or following in '"`$\\' else character + following)
        elif character in "\"'" and quote in ("", character):
            quote = "" if quote else character
        else:
            word.append(character)
    if quote:
        raise ValueError("a quotation mark is not closed")
    if word is not None:
        yield "".join(word)


def _without_field_codes(word: str) -> str | None:
    """The word without its field codes; None when it was nothing else."""
    kept: list[str] = []
    characters = iter(word)
    for character in characters:
        if character != "%":
            kept.append(character)
        elif (code := next(characters, "")) == "%":
            kept.append("%")
        elif code not in _FIELD_CODES:
            raise ValueError(f"unknown field code %{code}")
    return "".join(kept) if kept or not word else None


def _desktop_files(folder: Path) -> Iterator[Path]:
    """All .desktop files below a folder, in a fixed order; nothing for a folder that cannot be read."""
    for parent, folders, names in os.walk(folder):
        folders.sort()
        yield from (Path(parent, name) for name in sorted(names) if name.endswith(".desktop"))


def _read(file: Path) -> str | None:
    """The text of an ordinary file of a decent size. Opened so that a pipe in its place does not block."""
    try:
        descriptor = os.open(file, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError:
        return None
    with os.fdopen(descriptor, "rb") as opened:
        status = os.fstat(opened.fileno())
        if not stat.S_ISREG(status.st_mode) or status.st_size > MAX_FILE_BYTES:
            return None
        try:
            return opened.read(MAX_FILE_BYTES).decode("utf-8-sig", errors="replace")
        except OSError:
            return None


def _entry(text: str) -> dict[str, str]:
    """The keys of the group [Desktop Entry], of repeated ones the first."""
    entry: dict[str, str] = {}
    inside = False
    for line in text.split("\n"):
        stripped = line.strip()
        if stripped.startswith("["):
            if inside:
                break
            inside = stripped == "[Desktop Entry]"
        elif inside and not stripped.startswith("#") and "=" in stripped:
            key, value = stripped.split("=", 1)
            entry.setdefault(key.rstrip(), _unescaped(value.lstrip()))
    return entry


def _unescaped(value: str) -> str:
    if "\\" not in value:
        return value
    characters = iter(value)
    result = []
    for character in characters:
        following = next(characters, "") if character == "\\" else ""
        result.append(_ESCAPES.get(following, character + following))
    return "".join(result)


def _app(identity: str, entry: Mapping[str, str], path: str) -> App | None:
    """The application that an entry describes, if it is one that can be started and shown here."""
    if entry.get("Type") != "Application" or any(_is_true(entry, key) for key in ("Hidden", "NoDisplay", "Terminal")):
        return None
    name = _line(entry.get("Name", ""))
    try:
        argv = parse_exec(entry.get("Exec", ""))
    except ValueError:
        return None
    if not name or not all(_is_found(program, path) for program in (argv[0], entry.get("TryExec") or argv[0])):
        return None
    return App(identity, name, argv, _translations(entry, "Name"), _translations(entry, "GenericName"))


def _is_found(program: str, path: str) -> bool:
    """Whether this is an executable file: an absolute one, or one in a folder of `path`."""
    if "\0" in program or ("/" in program and not program.startswith("/")):
        return False
    return shutil.which(program, path=path) is not None


def _is_true(entry: Mapping[str, str], key: str) -> bool:
    return entry.get(key, "").lower() in ("true", "1")


def _translations(entry: Mapping[str, str], key: str) -> tuple[str, ...]:
    """The values of a key in all languages, each once."""
    values = (_line(value) for other, value in entry.items() if other == key or other.startswith(f"{key}["))
    return tuple(dict.fromkeys(value for value in values if value))


def _line(text: str) -> str:
    """One line of printable text, fit for a message."""
    return " ".join("".join(c if c.isprintable() else " " for c in text[: 4 * MAX_NAME]).split())[:MAX_NAME]


def _folded(text: str) -> str:
    return " ".join(unicodedata.normalize("NFKC", text).casefold().split())


def _instead(wanted: str, apps: Sequence[App]) -> str:
    """What could have been meant, or else what there is."""
    owners = {
        _folded(known): app.name for app in reversed(apps) for known in (app.program, *app.kinds, *app.names, app.name)
    }
    near = difflib.get_close_matches(wanted, owners, n=_SUGGESTIONS, cutoff=_CUTOFF)
    if near:
        return f"nearest: {', '.join(dict.fromkeys(owners[known] for known in near))}"
    names = list(dict.fromkeys(app.name for app in apps))
    more = f" and {len(names) - _LISTED} more" if len(names) > _LISTED else ""
    return f"installed: {', '.join(names[:_LISTED]) or 'none'}{more}"
