"""Regular expressions of grep and sed, in time linear in the text: a hostile pattern cannot stop the phone.

POSIX basic and extended syntax without back-references, run as a set of states that all move together (Thompson
1968); with groups noted on the way (Pike) where the caller wants them. Of the matches that start leftmost the first by
the order of the pattern is taken.
"""

from collections.abc import Callable
from dataclasses import dataclass

MAX_STATES = 4_000
_CLASSES: dict[str, Callable[[str], bool]] = {
    "alpha": str.isalpha, "digit": str.isdigit, "alnum": str.isalnum, "space": str.isspace, "upper": str.isupper,
    "lower": str.islower, "punct": lambda c: c.isprintable() and not c.isalnum() and c != " ",
    "blank": lambda c: c in " \t", "print": str.isprintable, "graph": lambda c: c.isprintable() and c != " ",
    "cntrl": lambda c: ord(c) < 32 or ord(c) == 127, "xdigit": lambda c: c in "0123456789abcdefABCDEF",
}  # fmt: skip


class BadPattern(ValueError):
    """No regular expression, or too long a one."""


@dataclass(frozen=True)
class _Set:
    """A bracket expression."""

    negated: bool
    chars: frozenset[str]
    ranges: tuple[tuple[str, str], ...]
    classes: tuple[str, ...]

    def has(self, char: str) -> bool:
        found = char in self.chars or any(low <= char <= high for low, high in self.ranges)
        return (found or any(_CLASSES[name](char) for name in self.classes)) != self.negated


def _word(char: str) -> bool:
    return char.isalnum() or char == "_"


class Regex:
    """`search` gives the spans of the leftmost match and of its groups. Raises BadPattern. `check` is called now and
    then on the way; what it raises ends the search."""

    def __init__(
        self,
        pattern: str,
        *,
        extended: bool = False,
        ignore_case: bool = False,
        check: Callable[[], None] = lambda: None,
    ) -> None:
        self._fold = ignore_case
        self._check = check
        self.groups = 0
        self._code: list[tuple[str, object, int]] = []  # what it does, its argument, where it goes on
        tree = _Reader(pattern, extended=extended)
        nodes = tree.read()
        self.groups = tree.groups
        self._emit(("group", 0, nodes))
        self._code.append(("match", None, 0))
        plain = not ignore_case and not set(pattern) & set("\\.[]*^$+?{}()" if extended else "\\.[]*^$")
        self._literals = tuple(pattern.split("|") if extended else [pattern]) if plain else ()

    def matches(self, text: str) -> bool:
        """Whether it matches anywhere."""
        if self._literals:  # the usual case: a word, or some words
            return any(literal in text for literal in self._literals)
        return self.search(text) is not None

    def search(self, text: str, start: int = 0) -> list[tuple[int, int]] | None:
        """Spans of the whole and of each group, (-1, -1) for a group that took no part; None without a match."""
        if len(self._literals) == 1:
            at = text.find(self._literals[0], start)
            return None if at < 0 else [(at, at + len(self._literals[0]))]
        folded = text.lower() if self._fold and len(text.lower()) == len(text) else text
        threads: list[tuple[int, tuple[int, ...]]] = []
        best: tuple[int, ...] | None = None
        empty = (-1,) * (2 * self.groups + 2)
        for at in range(start, len(text) + 1):
            if at % 64 == 0:
                self._check()
            if best is None:
                threads = self._follow([*threads, (0, empty)], folded, at)
            else:
                threads = self._follow(threads, folded, at)
            moved: list[tuple[int, tuple[int, ...]]] = []
            for state, slots in threads:
                what, argument, target = self._code[state]
                if what == "match":
                    best = slots
                    break
                if at < len(text) and self._takes(what, argument, folded[at]):
                    moved.append((target, slots))
            threads = moved
            if not threads and best is not None:
                break
        return None if best is None else [(best[n], best[n + 1]) for n in range(0, len(best), 2)]

    def _takes(self, what: str, argument: object, char: str) -> bool:
        if what == "char":
            return char == argument
        if what == "set":
            assert isinstance(argument, _Set)
            return argument.has(char) or (self._fold and argument.has(char.upper()))
        return what == "any"

    def _follow(
        self, threads: list[tuple[int, tuple[int, ...]]], text: str, at: int
    ) -> list[tuple[int, tuple[int, ...]]]:
        """The states that take a character or match, reached without one, in the order of the pattern."""
        found: list[tuple[int, tuple[int, ...]]] = []
        seen: set[int] = set()
        todo = threads[::-1]
        while todo:
            state, slots = todo.pop()
            if state in seen:
                continue
            seen.add(state)
            what, argument, target = self._code[state]
            if what == "split":
                assert isinstance(argument, int)
                todo.append((argument, slots))
                todo.append((target, slots))
            elif what == "slot":
                assert isinstance(argument, int)
                todo.append((target, (*slots[:argument], at, *slots[argument + 1 :])))
            elif what == "at":
                if self._stands(str(argument), text, at):
                    todo.append((target, slots))
            else:
                found.append((state, slots))
        return found

    @staticmethod
    def _stands(where: str, text: str, at: int) -> bool:
        if where == "^":
            return at == 0
        if where == "$":
            return at == len(text)
        before, after = at > 0 and _word(text[at - 1]), at < len(text) and _word(text[at])
        return {"<": after and not before, ">": before and not after, "b": before != after, "B": before == after}[where]

    # -- from the tree to the code ---------------------------------------------------------------------------------

    def _add(self, what: str, argument: object = None, target: int | None = None) -> int:
        if len(self._code) >= MAX_STATES:
            raise BadPattern("Regular expression too big")
        self._code.append((what, argument, len(self._code) + 1 if target is None else target))
        return len(self._code) - 1

    def _emit(self, node: tuple[object, ...]) -> None:
        kind = node[0]
        if kind == "group":
            number, alternatives = node[1], node[2]
            assert isinstance(number, int)
            assert isinstance(alternatives, list)
            self._add("slot", 2 * number)
            self._emit_alternatives(alternatives)
            self._add("slot", 2 * number + 1)
        elif kind == "repeat":
            inner, low, high = node[1], node[2], node[3]
            assert isinstance(inner, tuple)
            assert isinstance(low, int)
            self._emit_repeat(inner, low, high if isinstance(high, int) else None)
        elif kind == "char":
            self._add("char", str(node[1]).lower() if self._fold else node[1])
        else:
            self._add(str(kind), node[1])

    def _emit_alternatives(self, alternatives: list[list[tuple[object, ...]]]) -> None:
        ends: list[int] = []
        for number, branch in enumerate(alternatives):
            last = number == len(alternatives) - 1
            split = None if last else self._add("split")
            for node in branch:
                self._emit(node)
            if split is not None:
                ends.append(self._add("split"))
                self._code[split] = ("split", len(self._code), split + 1)
        for end in ends:
            self._code[end] = ("split", len(self._code), len(self._code))

    def _emit_repeat(self, inner: tuple[object, ...], low: int, high: int | None) -> None:
        for _ in range(low):
            self._emit(inner)
        if high is None:
            split = self._add("split")
            self._emit(inner)
            self._add("split", split, split)
            self._code[split] = ("split", len(self._code), split + 1)
            return
        splits = []
        for _ in range(high - low):
            splits.append(self._add("split"))
            self._emit(inner)
        for split in splits:
            self._code[split] = ("split", len(self._code), split + 1)


class _Reader:
    """A pattern as a tree: alternatives of branches of nodes, each a tuple of its kind and what belongs to it."""

    def __init__(self, pattern: str, *, extended: bool) -> None:
        self._text, self._at, self._extended = pattern, 0, extended
        self.groups = 0
        self._depth = 0

    def read(self) -> list[list[tuple[object, ...]]]:
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

    def _alternatives(self) -> list[list[tuple[object, ...]]]:
        found = [self._branch()]
        while self._special() == "|":
            self._take()
            found.append(self._branch())
        return found

    def _branch(self) -> list[tuple[object, ...]]:
        nodes: list[tuple[object, ...]] = []
        while self._at < len(self._text):
            special = self._special()
            if special == "|" or (special == ")" and self._depth):
                break
            if special in ("*", "+", "?", "{") and nodes and nodes[-1] != ("at", "^"):
                self._take()
                low, high = self._bounds() if special == "{" else {"*": (0, None), "+": (1, None), "?": (0, 1)}[special]
                again = nodes[-1][0] == "repeat"  # a** is a*, as deep as it may be piled
                nodes[-1] = ("repeat", nodes[-1][1], 0, None) if again else ("repeat", nodes[-1], low, high)
            elif special == "(":
                nodes.append(self._group())
            else:
                nodes.append(self._atom(first=not nodes))
        return nodes

    def _group(self) -> tuple[object, ...]:
        self._take()
        self.groups += 1
        self._depth += 1
        if self._depth > 50:
            raise BadPattern("Regular expression too big")
        number = self.groups
        inner = self._alternatives()
        if self._special() != ")":
            raise BadPattern("Missing )")
        self._take()
        self._depth -= 1
        return ("group", number, inner)

    def _bounds(self) -> tuple[int, int | None]:
        end = self._text.find("}" if self._extended else "\\}", self._at)
        low, comma, high = self._text[self._at : end].partition(",")
        if end < 0 or not (low or "0").isdecimal() or not (high or "0").isdecimal() or not (low or comma):
            raise BadPattern("Invalid contents of {}")
        self._at = end + (1 if self._extended else 2)
        least, most = int(low or 0), (int(high) if high else None) if comma else int(low)
        if max(least, most or 0) > 255 or (most is not None and most < least):
            raise BadPattern("Invalid repetition count(s)")
        return least, most

    def _atom(self, *, first: bool) -> tuple[object, ...]:
        char = self._text[self._at]
        self._at += 1
        if char == "[":
            return ("set", self._bracket())
        if char == ".":
            return ("any", None)
        if char == "^" and (self._extended or first):
            return ("at", "^")
        if char == "$" and (self._extended or self._ends()):
            return ("at", "$")
        if char != "\\":
            return ("char", char)
        if self._at >= len(self._text):
            raise BadPattern("Trailing backslash")
        char = self._text[self._at]
        self._at += 1
        if char in "<>bB":
            return ("at", char)
        if char in "sSwW":
            classes, chars = (("space",), "") if char in "sS" else (("alnum",), "_")
            return ("set", _Set(char.isupper(), frozenset(chars), (), classes))
        if char.isdecimal():
            raise BadPattern("Invalid back reference")
        return ("char", char)

    def _ends(self) -> bool:
        return self._at == len(self._text) or self._text.startswith(("\\)", "\\|"), self._at)

    def _bracket(self) -> _Set:
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
                if name not in _CLASSES:
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
        return _Set(negated, frozenset(chars), tuple(ranges), tuple(classes))
