"""`printf`, `seq` and `expr`: texts and numbers made of their arguments."""

import re
from collections.abc import Callable

from environments.phone.shell.call import Call, Failure
from environments.phone.shell.escapes import unescape

WIDEST = 100_000
MAX_PRINTED = 8_000_000


def seq(call: Call) -> int:
    numbers = []
    for word in call.args[:3]:
        if re.fullmatch(r"-?[0-9]{1,15}", word) is None:
            raise Failure(f"seq: not integer: {word}")
        numbers.append(int(word))
    call.need(call.args)
    first = numbers[0] if len(numbers) > 1 else 1
    step = numbers[1] if len(numbers) == 3 else 1
    if step == 0:
        return 0
    values = range(first, numbers[-1] + (1 if step > 0 else -1), step)
    for at in range(0, len(values), 1000):
        call.check()
        call.out("".join(f"{value}\n" for value in values[at : at + 1000]))
    return 0


def printf(call: Call) -> int:
    """The format again and again until the arguments are used up."""
    call.need(call.args)
    form, waiting = call.args[0], list(call.args[1:])
    written = 0
    while True:
        before = len(waiting)
        text, cut = _printed(form, waiting)
        call.out(text)
        written += len(text)
        call.check()
        if cut or not waiting or len(waiting) == before or written > MAX_PRINTED:
            return 0


_CONVERSION = re.compile(r"%([-+ 0#]*)(\*|[0-9]*)(?:\.(\*|[0-9]*))?([a-zA-Z%])")
_ESCAPE = re.compile(r"\\(?:[0-7]{1,4}|x[0-9A-Fa-f]{1,2}|u[0-9A-Fa-f]{1,4}|U[0-9A-Fa-f]{1,8}|.|$)", re.DOTALL)
_PLAIN = re.compile(r"[^%\\]+")


def _printed(form: str, waiting: list[str]) -> tuple[str, bool]:
    """One pass over the format, and whether a \\c ended it."""
    written: list[str] = []
    at, cut = 0, False
    while at < len(form) and not cut:
        plain = _PLAIN.match(form, at)
        escape = _ESCAPE.match(form, at)
        conversion = _CONVERSION.match(form, at)
        if plain:
            text = plain[0]
        elif escape:
            text, cut = unescape(escape[0])
        elif conversion:
            text, cut = _converted(conversion, waiting)
        else:
            raise Failure(f"printf: bad %{form[at + 1 : at + 2]}@{at + 1}")
        written.append(text)
        found = plain or escape or conversion
        at = found.end() if found else len(form)
    return "".join(written), cut


def _converted(conversion: re.Match[str], waiting: list[str]) -> tuple[str, bool]:
    flags, kind = conversion[1], conversion[4]
    if kind == "%":
        return "%", False
    wide, exact = _width(conversion[2], waiting) or 0, _width(conversion[3], waiting)
    argument = waiting.pop(0) if waiting else ""
    cut = False
    if kind in "sbc":
        text, cut = unescape(argument, echo=True) if kind == "b" else (argument, False)
        text = text[:1] if kind == "c" else text[:exact]
    elif kind in "diouxX":
        text = _integer(argument, kind, exact)
    elif kind in "eEfFgG":
        text = f"{_float(argument):.{6 if exact is None else min(exact, 100)}{kind}}"
    else:
        raise Failure(f"printf: bad %{kind}@0")
    if kind not in "sbc":
        text = "+" + text if "+" in flags and not text.startswith("-") else text
        if "0" in flags and "-" not in flags:
            return text.zfill(wide), cut
    return (text.ljust(wide) if "-" in flags else text.rjust(wide)), cut


def _width(word: str | None, waiting: list[str]) -> int | None:
    """A width or precision, out of the arguments where it is a star."""
    if word == "*":
        word = waiting.pop(0) if waiting else "0"
    if word is None:
        return None
    return min(int(word), WIDEST) if re.fullmatch(r"[0-9]{1,9}", word) else 0


def _integer(word: str, kind: str, exact: int | None) -> str:
    if word[:1] in ("'", '"') and len(word) > 1:
        number = ord(word[1])
    elif re.fullmatch(r"\s*[-+]?(0[xX][0-9a-fA-F]{1,16}|[0-9]{1,18})", word):
        sign, digits = (-1 if "-" in word else 1), word.strip().lstrip("+-").lower()
        base = 16 if digits.startswith("0x") else 8 if re.fullmatch("0[0-7]+", digits) else 10
        number = sign * int(digits, base) if base != 10 or not digits.startswith("0") or digits == "0" else 0
    elif not word:
        number = 0
    else:
        raise Failure(f"printf: bad number '{word[:100]}'")
    if kind not in "di" and number < 0:
        number += 2**64
    digits = {"o": f"{abs(number):o}", "x": f"{abs(number):x}", "X": f"{abs(number):X}"}.get(kind, str(abs(number)))
    return ("-" if number < 0 else "") + digits.zfill(min(exact or 0, WIDEST))


def _float(word: str) -> float:
    if not word:
        return 0.0
    if re.fullmatch(r"\s*[-+]?([0-9]{1,300}\.?[0-9]*|\.[0-9]+)([eE][-+]?[0-9]{1,3})?", word) is None:
        raise Failure(f"printf: bad number '{word[:100]}'")
    return float(word)


_SIGNS: dict[str, Callable[[int, int], int]] = {
    "+": lambda a, b: a + b, "-": lambda a, b: a - b, "*": lambda a, b: a * b,
    "/": lambda a, b: abs(a) // abs(b) * (1 if (a < 0) == (b < 0) else -1),
    "%": lambda a, b: abs(a) % abs(b) * (-1 if a < 0 else 1),
    "<": lambda a, b: a < b, "<=": lambda a, b: a <= b, ">": lambda a, b: a > b, ">=": lambda a, b: a >= b,
    "=": lambda a, b: a == b, "!=": lambda a, b: a != b,
}  # fmt: skip


def expr(call: Call) -> int:
    """One value, two numbers and a sign between them, or two texts compared."""
    if len(call.args) == 1:
        call.say(call.args[0])
        return int(call.args[0] in ("", "0"))
    if len(call.args) != 3 or call.args[1] not in _SIGNS:
        raise Failure("expr: syntax error", 2)
    left, sign, right = call.args
    if re.fullmatch(r"-?[0-9]{1,18}", left) and re.fullmatch(r"-?[0-9]{1,18}", right):
        if sign in ("/", "%") and int(right) == 0:
            raise Failure("expr: division by zero", 2)
        result = int(_SIGNS[sign](int(left), int(right)))
    elif sign in ("=", "!="):
        result = int((left == right) == (sign == "="))
    else:
        raise Failure("expr: not integer", 2)
    call.say(str(result))
    return int(result == 0)


PROGRAMS: dict[str, Callable[[Call], int]] = {"printf": printf, "seq": seq, "expr": expr}
