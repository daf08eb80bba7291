"""`input`: taps, swipes, keys and text, as Android's InputShellCommand does them."""

import re

from environments.phone.shell.call import Call
from environments.phone.shell.commands.java import Arguments, unknown_command
from environments.phone.shell.commands.keycodes import key_code

SWIPE_MS = 300
LONG_PRESS_SECONDS = 0.5
EVENTS_PER_SECOND = 120
MAX_SWIPE_MS = 600_000
ENTER, TAB = 66, 61
SOURCES = ("touchnavigation", "touchscreen", "joystick", "stylus", "touchpad", "gamepad", "dpad", "mouse", "keyboard",
           "trackball", "rotaryencoder")  # fmt: skip
USAGE = """Usage: input [<source>] [-d DISPLAY_ID] <command> [<arg>...]

The sources are: 
{sources}

[-d DISPLAY_ID]: specify the display ID.
      (Default: -1 for key event, 0 for motion event if not specified.)
The commands and default sources are:
      text <string> (Default: keyboard)
      keyevent [--longpress|--doubletap] <key code number or name> ... (Default: keyboard)
      tap <x> <y> (Default: touchscreen)
      swipe <x1> <y1> <x2> <y2> [duration(ms)] (Default: touchscreen)
      draganddrop <x1> <y1> <x2> <y2> [duration(ms)] (Default: touchscreen)
      press (Default: trackball)
      roll <dx> <dy> (Default: trackball)
      motionevent <DOWN|UP|MOVE|CANCEL> <x> <y> (Default: touchscreen)
""".format(sources="\n".join(f"      {source}" for source in SOURCES))  # noqa: W291 - as Android prints it


def send_input(call: Call) -> int:
    args = Arguments(call.args[0] if call.args else "", call.args)
    if not call.args or call.args[0] in ("-h", "help", "--help"):
        call.out(USAGE)
        return 0 if call.args else 255
    word = args.required()
    if word in SOURCES:
        word = args.required()
    here = True
    if word == "-d":
        display = args.required()
        here = display in ("0", "-1", "DEFAULT_DISPLAY", "INVALID_DISPLAY")
        if not here and not display.isdecimal():
            raise args.illegal("Error: Invalid arguments for display ID.")
        word = args.required()
    verb = _VERBS.get(word)
    if verb is None:
        return unknown_command(call, word, USAGE)
    verb(call, args, here)
    return 0


def _tap(call: Call, args: Arguments, here: bool) -> None:
    x, y = args.number(), args.number()
    _touch(call, here, "down", x, y)
    _touch(call, here, "up", x, y)


def _touch(call: Call, here: bool, action: str, x: float, y: float) -> None:
    """One point; one that is no number, or on another display, reaches nothing."""
    if here and x - x == 0 and y - y == 0:
        if action == "down":
            call.device.touch("down", x, y)
        elif action == "move":
            call.device.touch("move", x, y)
        elif action == "up":
            call.device.touch("up", x, y)
        else:
            call.device.touch("cancel", x, y)


def _swipe(call: Call, args: Arguments, here: bool) -> None:
    _drag(call, args, here, hold=0.0)


def _drag_and_drop(call: Call, args: Arguments, here: bool) -> None:
    _drag(call, args, here, hold=LONG_PRESS_SECONDS)


def _drag(call: Call, args: Arguments, here: bool, *, hold: float) -> None:
    """The finger goes down, waits, moves along a line at 120 points a second of the phone's time, and goes up. If the
    client leaves on the way the finger is lifted where it is, as when Android ends the command."""
    x1, y1, x2, y2 = (args.number() for _ in range(4))
    given = args.optional()
    milliseconds = SWIPE_MS if given is None else args.whole(given)
    duration = min(SWIPE_MS if milliseconds < 0 else milliseconds, MAX_SWIPE_MS) / 1000
    clock = call.device.clock
    _touch(call, here, "down", x1, y1)
    x, y, action = x1, y1, "cancel"
    try:
        if hold:
            call.sleep(hold)
        began, sent = clock.now(), 0
        while (passed := clock.now() - began) < duration:
            wait = (sent + 1) / EVENTS_PER_SECOND - passed
            if wait > duration - passed:
                call.sleep(duration - passed)
                break
            call.sleep(max(0.0, wait))
            share = min(1.0, (clock.now() - began) / duration)
            x, y = x1 + (x2 - x1) * share, y1 + (y2 - y1) * share
            _touch(call, here, "move", x, y)
            sent += 1
            call.check()
        x, y, action = x2, y2, "up"
    finally:
        _touch(call, here, action, x, y)


def _motion_event(call: Call, args: Arguments, here: bool) -> None:
    action = args.required().upper()
    if action not in ("DOWN", "UP", "MOVE", "CANCEL"):
        raise args.illegal(f"Unknown action: {action}")
    x = args.number() if action != "CANCEL" or args.left else 0.0
    y = args.number() if action != "CANCEL" or args.left else 0.0
    _touch(call, here, action.lower(), x, y)


def _keys(call: Call, args: Arguments, here: bool) -> None:
    word: str | None = args.required()
    long_press = word == "--longpress"
    twice = word == "--doubletap"
    if long_press or twice or word == "--async":
        word = args.required()
    elif word == "--delay":
        args.required()
        word = args.required()
    while word is not None:
        call.check()
        code = key_code(word)
        if here:
            for _ in range(1 + twice):
                call.device.key(code, long_press=long_press)
        word = args.optional()


def _text(call: Call, args: Arguments, here: bool) -> None:
    """`%s` is a space, and a newline or tab is its key; a character that the virtual keyboard has not fails whole."""
    text = args.required().replace("%s", " ")
    if any(not (" " <= char <= "~" or char in "\n\t") for char in text):
        raise args.exception("java.lang.NullPointerException: Attempt to get length of null array", "sendText")
    for run in re.findall(r"[ -~]+|[\n\t]", text):
        if not here:
            return
        if run in "\n\t":
            call.device.key(ENTER if run == "\n" else TAB)
        else:
            call.device.type_ascii(run)


def _press(_call: Call, _args: Arguments, _here: bool) -> None:
    """A trackball is pressed; the phone has none."""


def _roll(_call: Call, args: Arguments, _here: bool) -> None:
    """A trackball is rolled; the phone has none."""
    args.number()
    args.number()


_VERBS = {
    "tap": _tap, "swipe": _swipe, "draganddrop": _drag_and_drop, "motionevent": _motion_event, "keyevent": _keys,
    "text": _text, "press": _press, "roll": _roll,
}  # fmt: skip

PROGRAMS = {"input": send_input}
