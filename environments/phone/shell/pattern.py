"""POSIX regular expressions, basic and extended, as trees. Back-references are refused."""

from collections.abc import Callable
from dataclasses import dataclass

MAX_DEPTH = 50
MAX_REPEAT = 255
CLASSES: dict[str, Callable[[str], bool]] = {
    "alpha": str.isalpha, "digit": str.isdigit, "alnum": str.isalnum, "space": str.isspace, "upper": str.isupper,
    "lower": str.islower, "punct": lambda c: c.isprintable() and not c.isalnum() and c != " ",
    "blank": lambda c: c in " \t", "print": str.isprintable, "graph": lambda c: c.isprintable() and c != " ",
    "cntrl": lambda c: ord(c) < 32 or ord(c) == 127, "xdigit": lambda c: c in "0123456789abcdefABCDEF",
}  # fmt: skip


class BadPattern(ValueError):
    """No regular expression, or too long a one."""


@dataclass(frozen=True)
class Char:
    """This character."""

    char: str


@dataclass(frozen=True)
class Any:
    """Any character."""


@dataclass(frozen=True)
class At:
    """A place: "^", "$", "<" and ">" for the ends of a word, "b" for either of them, "B" for neither."""

    place: str


@dataclass(frozen=True)
class OneOf:
    """A bracket expression."""

    negated: bool
    chars: frozenset[str]
    ranges: tuple[tuple[str, str], ...]
    classes: tuple[str, ...]

    def has(self, char: str) -> bool:
        found = char in self.chars or any(low <= char <= high for low, high in self.ranges)
        return (found or any(CLASSES[name](char) for name in self.classes)) != self.negated


@dataclass(frozen=True)
class Repeat:
    """`high` is None where there is no end."""

    node: "Node"
    low: int
    high: int | None


@dataclass(frozen=True)
class Enclosed:
    """A group; number 0 is the whole."""

    number: int
    alternatives: "Alternatives"


Node = Char | Any | At | OneOf | Repeat | Enclosed
Alternatives = list[list[Node]]


class PatternReader:
    """A pattern as a tree: alternatives of branches of nodes."""

    def __init__(self, pattern: str, *, extended: bool) -> None:
        self._text, self._at, self._extended = pattern, 0, extended
        self.groups = 0
        self._depth = 0

    def read(self) -> Alternatives:
        found = self._alternatives()
        if self._at < len(self._text):
            raise BadPattern("Unmatched ( or \\(")
        return found

    def _special(self) -> str:
        """The special sign that stands next in either syntax, as the extended one writes it; or nothing."""
        text, at = self._text, self._at
        if text[at : at + 1] == "\\" and not self._extended and text[at + 1 : at + 2] in tuple("(){}|+?"):
            return text[at + 1]
        if text[at : at + 1] in ((*"(){}|+?",) if self._extended else ()):
            return text[at]
        return "*" if text[at : at + 1] == "*" else ""

    def _take(self) -> None:
        self._at += 2 if self._text[self._at] == "\\" else 1

    def _alternatives(self) -> Alternatives:
        found = [self._branch()]
        while self._special() == "|":
            self._take()
            found.append(self._branch())
        return found

    def _branch(self) -> list[Node]:
        nodes: list[Node] = []
        while self._at < len(self._text):
            special = self._special()
            if special == "|" or (special == ")" and self._depth):
                break
            if special in ("*", "+", "?", "{") and nodes and nodes[-1] != At("^"):
                self._take()
                low, high = self._bounds() if special == "{" else {"*": (0, None), "+": (1, None), "?": (0, 1)}[special]
                last = nodes[-1]
                if isinstance(last, Repeat):  # a** is a*, as deep as it may be piled
                    nodes[-1] = Repeat(last.node, 0, None)
                else:
                    nodes[-1] = Repeat(last, low, high)
            elif special == "(":
                nodes.append(self._group())
            else:
                nodes.append(self._atom(first=not nodes))
        return nodes

    def _group(self) -> Node:
        self._take()
        self.groups += 1
        self._depth += 1
        if self._depth > MAX_DEPTH:
            raise BadPattern("Regular expression too big")
        number = self.groups
        inner = self._alternatives()
        if self._special() != ")":
            raise BadPattern("Missing )")
        self._take()
        self._depth -= 1
        return Enclosed(number, inner)

    def _bounds(self) -> tuple[int, int | None]:
        end = self._text.find("}" if self._extended else "\\}", self._at)
        low, comma, high = self._text[self._at : end].partition(",")
        if end < 0 or not (low or "0").isdecimal() or not (high or "0").isdecimal() or not (low or comma):
            raise BadPattern("Invalid contents of {}")
        self._at = end + (1 if self._extended else 2)
        least, most = int(low or 0), (int(high) if high else None) if comma else int(low)
        if max(least, most or 0) > MAX_REPEAT or (most is not None and most < least):
            raise BadPattern("Invalid repetition count(s)")
        return least, most

    def _atom(self, *, first: bool) -> Node:
        char = self._text[self._at]
        self._at += 1
        if char == "[":
            return self._bracket()
        if char == "\\":
            return self._escaped()
        if char == ".":
            return Any()
        if (char == "^" and (self._extended or first)) or (char == "$" and (self._extended or self._ends())):
            return At(char)
        return Char(char)

    def _escaped(self) -> Node:
        if self._at >= len(self._text):
            raise BadPattern("Trailing backslash")
        char = self._text[self._at]
        self._at += 1
        if char in "<>bB":
            return At(char)
        if char in "sSwW":
            classes, chars = (("space",), "") if char in "sS" else (("alnum",), "_")
            return OneOf(char.isupper(), frozenset(chars), (), classes)
        if char.isdecimal():
            raise BadPattern("Invalid back reference")
        return Char(char)

    def _ends(self) -> bool:
        return self._at == len(self._text) or self._text.startswith(("\\)", "\\|"), self._at)

    def _bracket(self) -> OneOf:
        text = self._text
        negated = text.startswith("^", self._at)
        self._at += negated
        chars: set[str] = set()
        ranges: list[tuple[str, str]] = []
        classes: list[str] = []
        first = True
        while first or not text.startswith("]", self._at):
            if self._at >= len(text):
                raise BadPattern("Missing ]")
            first = False
            if text.startswith("[:", self._at) and (end := text.find(":]", self._at)) > 0:
                name = text[self._at + 2 : end]
                if name not in CLASSES:
                    raise BadPattern("Unknown character class name")
                classes.append(name)
                self._at = end + 2
            elif text[self._at + 1 : self._at + 2] == "-" and text[self._at + 2 : self._at + 3] not in ("", "]"):
                ranges.append((text[self._at], text[self._at + 2]))
                self._at += 3
            else:
                chars.add(text[self._at])
                self._at += 1
        self._at += 1
        return OneOf(negated, frozenset(chars), tuple(ranges), tuple(classes))
