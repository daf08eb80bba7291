"""Intents as `am` takes them from its arguments and prints them."""

import re
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from environments.phone.shell.commands.java import Arguments

_EXTRAS = {
    "-e": 2, "--es": 2, "--esn": 1, "--ei": 2, "--el": 2, "--ef": 2, "--ed": 2, "--ez": 2, "--eu": 2, "--ecn": 2,
    "--eia": 2, "--eial": 2, "--ela": 2, "--elal": 2, "--efa": 2, "--esa": 2, "--esal": 2,
}  # fmt: skip
_FLAGS = ("--grant-read-uri-permission", "--grant-write-uri-permission", "--debug-log-resolution", "--selector",
          "--exclude-stopped-packages", "--include-stopped-packages", "--receiver-foreground",
          "--receiver-registered-only", "--receiver-replace-pending")  # fmt: skip
_ACTIVITY = re.compile(r"--activity-[a-z-]+")


@dataclass
class Intent:
    """`component` is "package/class" with the class as it was given."""

    action: str = ""
    data: str = ""
    type: str = ""
    package: str = ""
    component: str = ""
    categories: list[str] = field(default_factory=list)
    flags: int = 0
    extras: dict[str, str] = field(default_factory=dict)
    options: dict[str, str] = field(default_factory=dict)

    @property
    def target(self) -> tuple[str, str]:
        """Package and full class name of the component."""
        package, _slash, cls = self.component.partition("/")
        return package, full_class(package, cls)

    def __str__(self) -> str:
        parts = [f"act={self.action}"] if self.action else []
        if self.categories:
            parts.append(f"cat=[{','.join(self.categories)}]")
        if self.data:
            parts.append(f"dat={_safe(self.data)}")
        if self.type:
            parts.append(f"typ={self.type}")
        if self.flags:
            parts.append(f"flg=0x{self.flags:x}")
        if self.package:
            parts.append(f"pkg={self.package}")
        if self.component:
            parts.append(f"cmp={short_component(*self.target)}")
        if self.extras:
            parts.append("(has extras)")
        return f"Intent {{ {' '.join(parts)} }}"


def full_class(package: str, cls: str) -> str:
    return package + cls if cls.startswith(".") else cls


def short_component(package: str, cls: str) -> str:
    """ "package/.Class" where the class lies in the package."""
    return f"{package}/{cls.removeprefix(package) if cls.startswith(package + '.') else cls}"


def _safe(data: str) -> str:
    """A URI as Uri.toSafeString gives it: without what may be private."""
    scheme, colon, rest = data.partition(":")
    if scheme.lower() in ("tel", "sip", "sms", "smsto", "mailto", "nfc"):
        return scheme + colon + re.sub(r"[^-@.]", "x", rest)
    if scheme.lower() in ("http", "https", "ftp", "rtsp"):
        try:
            parts = urlsplit(data)
            port = f":{parts.port}" if parts.port else ""
        except ValueError:
            return data
        return f"{scheme}://{parts.hostname or ''}{port}/..."
    return data


def read_intent(args: Arguments, options: dict[str, int]) -> Intent:
    """An intent out of the arguments that are left; `options` are the command's own, with how many values each takes.
    Raises Failure."""
    intent = Intent()
    while (word := args.optional()) is not None:
        if word in options:
            intent.options[word] = args.required() if options[word] else ""
        elif word in _EXTRAS:
            name = args.required()
            intent.extras[name] = args.required() if _EXTRAS[word] == 2 else ""
        elif word in _FLAGS or _ACTIVITY.fullmatch(word):
            continue
        elif word.startswith("-") and word != "-":
            _part(intent, word, args)
        else:
            _bare(intent, word)
    return intent


def _part(intent: Intent, word: str, args: Arguments) -> None:
    if word not in ("-a", "-d", "-t", "-c", "-n", "-p", "-f", "-i"):
        raise args.illegal(f"Unknown option: {word}")
    value = args.required()
    if word == "-n":
        if not re.fullmatch(r"[^/]+/[^/]+", value):
            raise args.illegal(f"Bad component name: {value}")
        intent.component = value
    elif word == "-c":
        intent.categories.append(value)
    elif word == "-f":
        if re.fullmatch(r"0[xX][0-9a-fA-F]{1,8}|[0-9]{1,10}", value) is None:
            raise args.no_number(value)
        intent.flags |= int(value, 0 if value[:2].lower() == "0x" else 10) & 0xFFFFFFFF
    elif word == "-a":
        intent.action = value
    elif word == "-d":
        intent.data = value
    elif word == "-t":
        intent.type = value
    elif word == "-p":
        intent.package = value


def _bare(intent: Intent, word: str) -> None:
    """An argument without an option: a URI, a component or a package."""
    if ":" in word:
        intent.data = word
        intent.action = intent.action or "android.intent.action.VIEW"
    elif "/" in word:
        intent.component = word
        intent.action = intent.action or "android.intent.action.MAIN"
        intent.categories = intent.categories or ["android.intent.category.LAUNCHER"]
    elif word:
        intent.package = word
        intent.action = intent.action or "android.intent.action.MAIN"
        intent.categories = intent.categories or ["android.intent.category.LAUNCHER"]
