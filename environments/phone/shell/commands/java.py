"""How Android's services written in Java take their arguments and say what went wrong."""

import math
import re

from environments.phone.shell.call import Call, Failure, encode

FAILED = 255


class Arguments:
    """The arguments of a shell command of a service, taken one by one. What is wrong with them is a Failure with the
    words and the code that Android's ShellCommand gives: a stack trace on stderr, exit 255."""

    def __init__(self, command: str, words: list[str]) -> None:
        self._command, self._at = command, 0
        self._words = [encode(word).decode("utf-8", "replace") for word in words]  # as Java takes what is no UTF-8

    @property
    def left(self) -> list[str]:
        return self._words[self._at :]

    def optional(self) -> str | None:
        if self._at >= len(self._words):
            return None
        self._at += 1
        return self._words[self._at - 1]

    def option(self) -> str | None:
        """The next one if it starts with a dash; "--" ends them."""
        if self._at < len(self._words) and self._words[self._at].startswith("-"):
            word = self.optional()
            return None if word == "--" else word
        return None

    def required(self) -> str:
        word = self.optional()
        if word is None:
            before = self._words[-1] if self._words else self._command
            raise self.illegal(f'Argument expected after "{before}"')
        return word

    def number(self) -> float:
        """A float, as Java reads it; NaN and Infinity too."""
        word = self.required().strip()
        if word in ("NaN", "+NaN", "-NaN"):
            return math.nan
        if re.fullmatch(r"[-+]?Infinity", word):
            return math.inf
        if re.fullmatch(r"[-+]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][-+]?[0-9]{1,5})?[fFdD]?", word) is None:
            raise self.no_number(word)
        return float(word.rstrip("fFdD"))

    def whole(self, word: str) -> int:
        if re.fullmatch(r"[-+]?[0-9]{1,10}", word) is None or not -(2**31) <= int(word) < 2**31:
            raise self.no_number(word)
        return int(word)

    def no_number(self, word: str) -> Failure:
        return self.exception(f'java.lang.NumberFormatException: For input string: "{word[:200]}"')

    def illegal(self, message: str) -> Failure:
        return self.exception(f"java.lang.IllegalArgumentException: {message}")

    def exception(self, words: str, method: str = "onCommand") -> Failure:
        trace = (
            f"android.os.ShellCommand.{method}(ShellCommand.java)",
            "android.os.Binder.execTransact(Binder.java:1179)",
        )
        said = [words, *(f"\tat {place}" for place in trace)]
        return Failure(f"\nException occurred while executing '{self._command}':\n" + "\n".join(said), FAILED)


def unknown_command(call: Call, word: str, usage: str = "") -> int:
    """What BasicShellCommandHandler prints for a word it does not know."""
    call.say(f"Unknown command: {word}" if word else "No command specified")
    call.out(usage)
    return FAILED
