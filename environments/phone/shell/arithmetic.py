"""The whole numbers of `$(( ))`, by precedence climbing; 32 bits wide, as mksh's are."""

import re
from collections.abc import Mapping

_TOKEN = re.compile(
    r"\s*(?:(0[xX][0-9a-fA-F]+|[0-9]+)|([A-Za-z_][A-Za-z0-9_]*)|(\|\||&&|==|!=|<=|>=|<<|>>|[-+*/%<>&|^!~()]))"
)
_LEVELS = {"||": 1, "&&": 2, "|": 3, "^": 4, "&": 5, "==": 6, "!=": 6, "<": 7, "<=": 7, ">": 7, ">=": 7,
           "<<": 8, ">>": 8, "+": 9, "-": 9, "*": 10, "/": 10, "%": 10}  # fmt: skip
MAX_DEPTH = 40


class BadExpression(ValueError):
    """The words are mksh's."""


def evaluate(text: str, variables: Mapping[str, str]) -> int:
    """The value of an expression; an unset variable is 0. Raises BadExpression."""
    return _Expression(text, variables).value()


class _Expression:
    def __init__(self, text: str, variables: Mapping[str, str]) -> None:
        self._text, self._variables = text, variables
        self._at = self._depth = 0

    def value(self) -> int:
        if not self._text.strip():
            return 0
        found = self._binary(1)
        if self._text[self._at :].strip():
            raise BadExpression(f"{self._text}: unexpected '{self._text[self._at :].strip()[:20]}'")
        return found

    def _peek(self) -> re.Match[str] | None:
        return _TOKEN.match(self._text, self._at)

    def _binary(self, level: int) -> int:
        left = self._unary()
        while (token := self._peek()) is not None and _LEVELS.get(token[3] or "", 0) >= level:
            self._at = token.end()
            left = _wrap(self._apply(token[3], left, self._binary(_LEVELS[token[3]] + 1)))
        return left

    def _unary(self) -> int:
        token = self._peek()
        self._depth += 1
        if token is None or self._depth > MAX_DEPTH:
            raise BadExpression(f"{self._text[:40]}: unexpected end of expression")
        self._at = token.end()
        number, name, sign = token.groups()
        if number is not None:
            found = int(number, 16 if number[:2].lower() == "0x" else 10)
        elif name is not None:
            found = self._variable(name)
        elif sign == "(":
            found = self._binary(1)
            closing = self._peek()
            if closing is None or closing[3] != ")":
                raise BadExpression(f"{self._text[:40]}: missing )")
            self._at = closing.end()
        elif sign in ("-", "+", "!", "~"):
            operand = self._unary()
            found = {"-": -operand, "+": operand, "!": int(not operand), "~": ~operand}[sign]
        else:
            raise BadExpression(f"{self._text[:40]}: unexpected '{sign}'")
        self._depth -= 1
        return _wrap(found)

    def _variable(self, name: str) -> int:
        text = self._variables.get(name, "").strip() or "0"
        if re.fullmatch(r"[-+]?[0-9]{1,20}", text) is None:
            raise BadExpression(f"{text[:40]}: bad number")
        return int(text)

    def _apply(self, sign: str, left: int, right: int) -> int:
        if sign in ("/", "%"):
            if right == 0:
                raise BadExpression(f"{self._text[:40]}: zero divisor")
            quotient = abs(left) // abs(right) * (1 if (left < 0) == (right < 0) else -1)
            return quotient if sign == "/" else left - right * quotient
        return {
            "||": lambda: int(bool(left or right)), "&&": lambda: int(bool(left and right)), "|": lambda: left | right,
            "^": lambda: left ^ right, "&": lambda: left & right, "==": lambda: int(left == right),
            "!=": lambda: int(left != right), "<": lambda: int(left < right), "<=": lambda: int(left <= right),
            ">": lambda: int(left > right), ">=": lambda: int(left >= right), "<<": lambda: left << (right & 31),
            ">>": lambda: left >> (right & 31), "+": lambda: left + right, "-": lambda: left - right,
            "*": lambda: left * right,
        }[sign]()  # fmt: skip


def _wrap(number: int) -> int:
    return (number + 2**31) % 2**32 - 2**31
