"""`settings`, `content` and `ime`: what is kept in the phone's settings and content providers."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from environments.phone.shell.call import Call, Failure
from environments.phone.shell.commands.java import FAILED, Arguments, unknown_command

Namespace = Literal["system", "secure", "global"]


def settings(call: Call) -> int:
    words = list(call.args)
    args = Arguments(words[0] if words else "", words)
    verb = args.optional() or ""
    if verb == "--user":
        args.required()
        verb = args.optional() or ""
    if verb not in ("get", "put", "delete", "list", "reset"):
        return unknown_command(call, verb)
    word = args.optional()
    while word == "--user":
        args.required()
        word = args.optional()
    namespace = _namespace(word)
    if namespace is None:
        raise Failure(f"Invalid namespace '{word}'" if word else "Invalid arguments", FAILED)
    return _settings(call, args, verb, namespace)


def _settings(call: Call, args: Arguments, verb: str, namespace: Namespace) -> int:
    device = call.device
    if verb == "list":
        for line in sorted(f"{name}={value}" for name, value in device.settings(namespace).items()):
            call.say(line)
        return 0
    if verb == "reset":
        word = args.required()
        if word not in ("untrusted_defaults", "untrusted_clear", "trusted_defaults", "all"):
            return 0
        raise Failure("Error: this phone has no defaults to go back to; delete the setting instead", FAILED)
    name = args.optional()
    if name is None:
        raise Failure("Invalid arguments", FAILED)
    if verb == "get":
        stored = device.setting(namespace, name)
        call.say("null" if stored is None else stored)
    elif verb == "put":
        wanted = args.optional()
        if wanted is None:
            raise Failure("Invalid arguments", FAILED)
        device.put_setting(namespace, name, wanted)
    else:
        present = device.setting(namespace, name) is not None
        device.put_setting(namespace, name, None)
        call.say(f"Deleted {int(present)} rows")
    return 0


def _namespace(word: str | None) -> Namespace | None:
    if word == "system":
        return "system"
    if word == "secure":
        return "secure"
    return "global" if word == "global" else None


def input_methods(call: Call) -> int:
    args = Arguments(call.args[0] if call.args else "", call.args)
    verb = args.optional() or ""
    if verb == "list":
        return _list_input_methods(call, set(args.left))
    if verb == "reset":
        return _reset_input_methods(call)
    if verb not in ("enable", "disable", "set"):
        return unknown_command(call, verb)
    name = args.required()
    while name == "--user":
        args.required()
        name = args.required()
    enabled = call.device.input_methods().get(name)
    done = {"enable": "enabled", "disable": "disabled", "set": "selected"}[verb]
    if verb == "set":
        known = bool(enabled) and call.device.set_input_method(name)
        words = f"Input method {name} selected for user #0"
    else:
        known = call.device.enable_input_method(name, verb == "enable")
        words = f"Input method {name}: {'already' if enabled == (verb == 'enable') else 'now'} {done} for user #0"
    if not known:
        raise Failure(f"Unknown input method {name} cannot be {done} for user #0", FAILED)
    call.say(words)
    return 0


def _list_input_methods(call: Call, options: set[str]) -> int:
    letters = set("".join(option.lstrip("-") for option in options if not option.isdecimal()))
    for name, enabled in call.device.input_methods().items():
        if not enabled and "a" not in letters:
            continue
        if "s" in letters:
            call.say(name)
        else:
            package, _slash, cls = name.partition("/")
            full = package + cls if cls.startswith(".") else cls
            call.say(f"{name}:\n  mId={name} mSettingsActivityName=null mIsVrOnly=false\n"
                     f"  mIsDefaultResId=0x0\n  Service:\n    name={full}\n    packageName={package}")  # fmt: skip
    return 0


def _reset_input_methods(call: Call) -> int:
    """Back to the first one, and no other enabled."""
    methods = list(call.device.input_methods())
    if methods:
        call.device.enable_input_method(methods[0], True)
        call.device.set_input_method(methods[0])
    for name in methods[1:]:
        call.device.enable_input_method(name, False)
    call.say(f"Reset current and enabled IMEs for user #0\n  Newly selected IME is: {call.device.input_method}")
    return 0


def content(call: Call) -> int:
    args = Arguments(call.args[0] if call.args else "", call.args)
    verb = args.optional() or ""
    if verb not in ("query", "insert", "delete", "update", "call", "read", "gettype"):
        call.err(f"[ERROR] Unsupported operation: {verb}")
        return 0
    values: dict[str, str] = {}
    binds: dict[str, str] = {}
    while (option := args.optional()) is not None:
        value = args.optional()
        if value is None:
            call.err(f"[ERROR] Unsupported argument: {option}")
            return 0
        if option == "--bind":
            name, _colon, typed = value.partition(":")
            binds[name] = typed.partition(":")[2]
        values[option] = value
    return _Content(call, verb, values, binds).run()


@dataclass(frozen=True)
class _Content:
    """One request to a content provider: its options, and the columns bound to values."""

    call: Call
    verb: str
    values: dict[str, str]
    binds: dict[str, str]

    def run(self) -> int:
        authority, _slash, path = self.values.get("--uri", "").removeprefix("content://").strip("/").partition("/")
        namespace = _namespace(path.partition("/")[0]) if authority == "settings" else None
        provider = self.call.machine.providers.get(f"{authority}/{path}")
        if namespace is not None:
            self._settings(namespace, path.partition("/")[2])
        elif provider is not None and self.verb == "query":
            self._rows(provider())
        else:
            self.call.err(
                f"Error while accessing provider:{authority}\n"
                f"java.lang.IllegalStateException: Could not find provider: {authority}\n"
                "\tat com.android.commands.content.Content$Command.execute(Content.java:518)"
            )
        return 0

    def _settings(self, namespace: Namespace, name: str) -> None:
        device = self.call.device
        key = name or self.binds.get("name", "")
        if self.verb == "query":
            stored = sorted(device.settings(namespace).items())
            rows = [{"_id": n, "name": known, "value": value} for n, (known, value) in enumerate(stored, 1)]
            self._rows([row for row in rows if not name or row["name"] == name])
        elif self.verb in ("insert", "update"):
            if key and "value" in self.binds:
                device.put_setting(namespace, key, self.binds["value"])
        elif self.verb == "delete":
            found = re.fullmatch(r"name\s*=\s*'([^']*)'", self.values.get("--where", "").strip())
            if key or found:
                device.put_setting(namespace, key or (found[1] if found else ""), None)
        else:
            self.call.err(f"[ERROR] Unsupported operation: {self.verb}")

    def _rows(self, rows: Sequence[Mapping[str, object]]) -> None:
        columns = [name for name in self.values.get("--projection", "").split(":") if name]
        where = re.findall(r"(\w+)\s*=\s*(?:'([^']*)'|(\w+))", self.values.get("--where", ""))
        chosen = [row for row in rows if all(str(row.get(name)) == (text or word) for name, text, word in where)]
        for number, row in enumerate(chosen):
            known = {name: "NULL" if row.get(name) is None else row[name] for name in columns or row}
            self.call.say(f"Row: {number} " + ", ".join(f"{name}={value}" for name, value in known.items()))
        if not chosen:
            self.call.say("No result found.")


PROGRAMS = {"settings": settings, "content": content, "ime": input_methods}
