"""Regular expressions of grep and sed, in time linear in the text: a hostile pattern cannot stop the phone.

They run as a set of states that all move together (Thompson 1968), noting their groups on the way (Pike). Of the
matches that start leftmost the first by the order of the pattern is taken.
"""

from collections.abc import Callable
from typing import NamedTuple

from environments.phone.shell.pattern import (
    Alternatives,
    Any,
    At,
    BadPattern,
    Char,
    Enclosed,
    Node,
    OneOf,
    PatternReader,
    Repeat,
)

__all__ = ["BadPattern", "Regex"]

MAX_STATES = 4_000

Slots = tuple[int, ...]  # where each group starts and ends, two numbers each; -1 where it does not
Threads = list[tuple[int, Slots]]  # states, the preferred one first, each with the groups it has seen


class _State(NamedTuple):
    """One state: it takes a character ("take"), goes two ways ("split"), notes where it is ("slot"), asks where it is
    ("at") or is the end ("match"). `target` is where it goes on, `number` the other way or the slot."""

    what: str
    target: int = 0
    number: int = 0
    node: Char | Any | OneOf | At | None = None


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
        self._states: list[_State] = []
        reader = PatternReader(pattern, extended=extended)
        tree = reader.read()
        self._needed = "" if ignore_case else _longest_text(tree)
        self._emit(Enclosed(0, tree))
        self._states.append(_State("match"))
        self._empty: Slots = (-1,) * (2 * reader.groups + 2)
        plain = not ignore_case and not set(pattern) & set("\\.[]*^$+?{}()" if extended else "\\.[]*^$")
        self._literals = tuple(pattern.split("|") if extended else [pattern]) if plain else ()

    def matches(self, text: str) -> bool:
        """Whether it matches anywhere."""
        if self._literals:  # the usual case: a word, or some words
            return any(literal in text for literal in self._literals)
        return self._needed in text and self.search(text) is not None

    def search(self, text: str, start: int = 0) -> list[tuple[int, int]] | None:
        """Spans of the whole and of each group, (-1, -1) for a group that took no part; None without a match."""
        if len(self._literals) == 1:
            at = text.find(self._literals[0], start)
            return None if at < 0 else [(at, at + len(self._literals[0]))]
        folded = text.lower() if self._fold and len(text.lower()) == len(text) else text
        threads: Threads = []
        best: Slots | None = None
        for at in range(start, len(text) + 1):
            if at % 64 == 0:
                self._check()
            if best is None:
                threads = [*threads, (0, self._empty)]
            elif not threads:
                break
            following: Threads = []
            for state, slots in self._follow(threads, folded, at):
                what, target, _number, node = self._states[state]
                if what == "match":
                    best = slots
                    break
                if at < len(text) and self._takes(node, folded[at]):
                    following.append((target, slots))
            threads = following
        return None if best is None else [(best[n], best[n + 1]) for n in range(0, len(best), 2)]

    def _takes(self, node: Char | Any | OneOf | At | None, char: str) -> bool:
        if isinstance(node, Char):
            return char == node.char
        if isinstance(node, OneOf):
            return node.has(char) or (self._fold and node.has(char.upper()))
        return True

    def _follow(self, threads: Threads, text: str, at: int) -> Threads:
        """The states that take a character or match, reached without one, in the order of the pattern."""
        found: Threads = []
        seen: set[int] = set()
        todo = threads[::-1]
        while todo:
            number, slots = todo.pop()
            if number in seen:
                continue
            seen.add(number)
            state = self._states[number]
            if state.what == "split":
                todo.append((state.number, slots))
                todo.append((state.target, slots))
            elif state.what == "slot":
                todo.append((state.target, (*slots[: state.number], at, *slots[state.number + 1 :])))
            elif isinstance(state.node, At):
                if _stands(state.node.place, text, at):
                    todo.append((state.target, slots))
            else:
                found.append((number, slots))
        return found

    # -- from the tree to the states -------------------------------------------------------------------------------

    def _add(self, what: str, number: int = 0, node: Char | Any | OneOf | At | None = None) -> int:
        """Add a state that goes on to the next one. Raises BadPattern."""
        if len(self._states) >= MAX_STATES:
            raise BadPattern("Regular expression too big")
        self._states.append(_State(what, len(self._states) + 1, number, node))
        return len(self._states) - 1

    def _branch(self, split: int) -> None:
        """Let the other way of a split lead to what comes next."""
        self._states[split] = _State("split", split + 1, len(self._states))

    def _emit(self, node: Node) -> None:
        if isinstance(node, Enclosed):
            self._add("slot", 2 * node.number)
            self._emit_alternatives(node)
            self._add("slot", 2 * node.number + 1)
        elif isinstance(node, Repeat):
            self._emit_repeat(node)
        elif isinstance(node, Char):
            self._add("take", node=Char(node.char.lower()) if self._fold else node)
        else:
            self._add("at" if isinstance(node, At) else "take", node=node)

    def _emit_alternatives(self, group: Enclosed) -> None:
        ends: list[int] = []
        *others, last = group.alternatives
        for branch in others:
            split = self._add("split")
            for node in branch:
                self._emit(node)
            ends.append(self._add("split"))
            self._branch(split)
        for node in last:
            self._emit(node)
        for end in ends:
            self._states[end] = _State("split", len(self._states), len(self._states))

    def _emit_repeat(self, repeat: Repeat) -> None:
        for _ in range(repeat.low):
            self._emit(repeat.node)
        if repeat.high is None:
            split = self._add("split")
            self._emit(repeat.node)
            back = self._add("split")
            self._states[back] = _State("split", split, split)
            self._branch(split)
            return
        splits = []
        for _ in range(repeat.high - repeat.low):
            splits.append(self._add("split"))
            self._emit(repeat.node)
        for split in splits:
            self._branch(split)


def _longest_text(tree: Alternatives) -> str:
    """The longest text that stands in every match, so that most lines need no closer look."""
    runs = [""]
    for node in tree[0] if len(tree) == 1 else []:
        if isinstance(node, Char):
            runs[-1] += node.char
        else:
            runs.append("")
    return max(runs, key=len)


def _stands(place: str, text: str, at: int) -> bool:
    if place == "^":
        return at == 0
    if place == "$":
        return at == len(text)
    before, after = at > 0 and _word(text[at - 1]), at < len(text) and _word(text[at])
    return {"<": after and not before, ">": before and not after, "b": before != after, "B": before == after}[place]


def _word(char: str) -> bool:
    return char.isalnum() or char == "_"
