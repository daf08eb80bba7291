"""`am broadcast`, and the receivers that clients count on: the ADB keyboard's and the clipboard's."""

import base64
import binascii
from collections.abc import Callable

from environments.phone.shell.call import Call
from environments.phone.shell.commands.intents import Intent, read_intent
from environments.phone.shell.commands.java import Arguments

ADB_KEYBOARD = "com.android.adbkeyboard/.AdbIME"
ENTER = 66


def broadcast(call: Call, args: Arguments) -> int:
    intent = read_intent(
        args, {"--user": 1, "--receiver-permission": 1, "--async": 0, "--allow-background-activity-starts": 0}
    )
    intent.flags |= 0x400000
    call.say(f"Broadcasting: {intent}")
    result, data = 0, ""
    if intent.action in ("clipper.get", "clipper.set"):
        result, data = _clipper(call, intent)
    elif intent.action in _KEYBOARD and call.device.input_method == ADB_KEYBOARD:
        _KEYBOARD[intent.action](call, intent)
    call.say(f"Broadcast completed: result={result}" + (f', data="{data}"' if data else ""))
    return 0


def _clipper(call: Call, intent: Intent) -> tuple[int, str]:
    if intent.action == "clipper.get":
        text = call.device.clipboard
        return (-1, text) if text else (0, "")
    if "text" not in intent.extras:
        return 0, 'No text is provided. Use -e text "text to be pasted"'
    call.device.set_clipboard(intent.extras["text"])
    return -1, "Text is copied into clipboard."


def _base64(call: Call, intent: Intent) -> None:
    """As the keyboard does, what is no base64 or no UTF-8 is dropped."""
    try:
        text = base64.b64decode(intent.extras.get("msg", "").encode("utf-8", "replace")).decode()
    except (binascii.Error, UnicodeDecodeError):
        return
    _commit(call, text)


def _commit(call: Call, text: str) -> None:
    if text:
        call.device.commit_text(text.encode("utf-8", "replace").decode())


def _text(call: Call, intent: Intent) -> None:
    _commit(call, intent.extras.get("msg", ""))


def _chars(call: Call, intent: Intent) -> None:
    """Code points, separated by commas."""
    numbers = [
        int(word) for word in intent.extras.get("chars", "").split(",") if word.strip().isdecimal() and len(word) < 9
    ]
    _commit(call, "".join(chr(n) for n in numbers if 0 < n < 0xD800 or 0xDFFF < n < 0x110000))


def _code(call: Call, intent: Intent) -> None:
    word = intent.extras.get("code", "")
    if word.isdecimal() and len(word) < 4:
        call.device.key(int(word))


def _editor_action(call: Call, _intent: Intent) -> None:
    """Go, search, send, next or done: what the enter key does in the field."""
    call.device.key(ENTER)


def _clear(call: Call, _intent: Intent) -> None:
    call.device.clear_text()


_KEYBOARD: dict[str, Callable[[Call, Intent], None]] = {
    "ADB_INPUT_B64": _base64, "ADB_INPUT_TEXT": _text, "ADB_INPUT_CHARS": _chars, "ADB_INPUT_CODE": _code,
    "ADB_EDITOR_CODE": _editor_action, "ADB_CLEAR_TEXT": _clear,
}  # fmt: skip
