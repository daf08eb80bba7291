"""`settings`, `content` and `ime`: what is kept in the phone's settings and content providers."""

import re
from collections.abc import Mapping, Sequence
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
        for name, value in sorted(device.settings(namespace).items()):
            call.say(f"{name}={value}")
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
        value = args.optional()
        if value is None:
            raise Failure("Invalid arguments", FAILED)
        device.put_setting(namespace, name, value)
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
    methods = call.device.input_methods()
    if name not in methods:
        verbs = {"enable": "enabled", "disable": "disabled", "set": "selected"}
        call.err(f"Unknown input method {name} cannot be {verbs[verb]} for user #0")
        return FAILED if verb != "disable" else 0
    if verb == "set":
        if not methods[name] or not call.device.set_input_method(name):
            call.err(f"Unknown input method {name} cannot be selected for user #0")
            return FAILED
        call.say(f"Input method {name} selected for user #0")
        return 0
    wanted = verb == "enable"
    done = call.device.enable_input_method(name, wanted)
    if not done:
        call.err(f"Unknown input method {name} cannot be {verb}d for user #0")
        return FAILED
    already = "already " if methods[name] == wanted else "now "
    call.say(f"Input method {name}: {already}{verb}d for user #0")
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
            call.say(f"{name}:\n  mId={name} mSettingsActivityName=null mIsVrOnly=false mSupportsSwitchingToNextInputMethod=false\n"
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
    uri = values.get("--uri", "")
    authority, _slash, path = uri.removeprefix("content://").strip("/").partition("/")
    namespace = _namespace(path.partition("/")[0]) if authority == "settings" else None
    if namespace is not None:
        return _content_settings(call, verb, namespace, path.partition("/")[2], values, binds)
    provider = call.machine.providers.get(f"{authority}/{path}")
    if provider is not None and verb == "query":
        return _rows(call, provider(), values)
    call.err(f"Error while accessing provider:{authority}\njava.lang.IllegalStateException: Could not find provider: "
             f"{authority}\n\tat com.android.commands.content.Content$Command.execute(Content.java:518)")  # fmt: skip
    return 0


def _content_settings(
    call: Call, verb: str, namespace: Namespace, name: str, values: dict[str, str], binds: dict[str, str]
) -> int:
    device = call.device
    if verb == "query":
        stored = sorted(device.settings(namespace).items())
        rows = [{"_id": n, "name": key, "value": value} for n, (key, value) in enumerate(stored, 1)]
        return _rows(call, [row for row in rows if not name or row["name"] == name], values)
    if verb in ("insert", "update"):
        key = binds.get("name", name)
        if key and "value" in binds:
            device.put_setting(namespace, key, binds["value"])
        return 0
    if verb == "delete":
        found = re.fullmatch(r"name\s*=\s*'([^']*)'", values.get("--where", "").strip())
        key = name or (found[1] if found else "")
        if key:
            device.put_setting(namespace, key, None)
        return 0
    call.err(f"[ERROR] Unsupported operation: {verb}")
    return 0


def _rows(call: Call, rows: Sequence[Mapping[str, object]], values: dict[str, str]) -> int:
    columns = [name for name in values.get("--projection", "").split(":") if name]
    where = re.findall(r"(\w+)\s*=\s*(?:'([^']*)'|(\w+))", values.get("--where", ""))
    number = 0
    for row in rows:
        if any(str(row.get(name)) != (text or word) for name, text, word in where):
            continue
        shown = columns or list(row)
        call.say(
            f"Row: {number} " + ", ".join(f"{name}={'NULL' if row.get(name) is None else row[name]}" for name in shown)
        )
        number += 1
    if number == 0:
        call.say("No result found.")
    return 0


PROGRAMS = {"settings": settings, "content": content, "ime": input_methods}
