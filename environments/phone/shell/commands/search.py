"""`grep` and `sed`, on expressions that take no more than linear time."""

import re
from collections.abc import Callable, Iterator

from environments.phone.files import FileError
from environments.phone.shell.call import Call, Failure, decode, encode
from environments.phone.shell.regex import BadPattern, Regex


def grep(call: Call) -> int:
    """0 where a line was chosen, 1 where none was, 2 for what cannot be done."""
    options, words = call.options("EFGPinvcoqlLhHswxrRaz", "emABC")
    if call.name == "egrep":
        options["E"] = ""
    if call.name == "fgrep":
        options["F"] = ""
    if "e" not in options:
        if not words:
            raise Failure('grep: No REGEX (see "grep --help")', 2)
        options["e"], words = words[0], words[1:]
    search = _Search(call, options, _chooser(call, options))
    names = words or (["-"] if not {"r", "R"} & options.keys() else ["."])
    names = list(_below(call, names)) if {"r", "R"} & options.keys() else names
    named = ("H" in options or len(names) > 1 or bool({"r", "R"} & options.keys())) and "h" not in options
    status = 1
    for name in names:
        try:
            lines = call.lines() if name == "-" else iter(_lines(call.read(name)))
            if search.run(lines, name if name != "-" else "(standard input)", named=named):
                status = 0
                if "q" in options:
                    return 0
        except FileError as exc:
            if "s" not in options:
                call.err(f"grep: {name}: {exc.strerror}")
            status = 2 if status else status
    return status


def _below(call: Call, names: list[str]) -> Iterator[str]:
    for name in names:
        found = call.files.stat(call.path(name))
        if found is not None and found.is_folder:
            children = [f"{name.rstrip('/')}/{child}" for child in call.files.list(call.path(name))]
            call.check()
            yield from _below(call, children)
        else:
            yield name


def _lines(data: bytes) -> list[str]:
    text = decode(data)
    return (text[:-1] if text.endswith("\n") else text).split("\n") if text else []


Spans = Callable[[str], Iterator[tuple[int, int]]]


def _chooser(call: Call, options: dict[str, str]) -> tuple[Callable[[str], bool], Spans]:
    """Whether a line matches any of the patterns, and where."""
    fold = "i" in options
    patterns = options["e"].split("\n")
    if "F" in options:
        patterns = [re.sub(r"([\\.\[\]*^$])", r"\\\1", pattern) for pattern in patterns]
    extended = "E" in options or "P" in options
    if "P" in options:
        patterns = [pattern.replace(r"\d", "[0-9]").replace("(?:", "(") for pattern in patterns]
    if "x" in options:
        patterns = [f"^({pattern})$" if extended else f"^\\({pattern}\\)$" for pattern in patterns]
    if "w" in options:
        patterns = [f"\\<({pattern})\\>" if extended else f"\\<\\({pattern}\\)\\>" for pattern in patterns]
    try:
        found = [Regex(pattern, extended=extended, ignore_case=fold, check=call.check) for pattern in patterns]
    except BadPattern as exc:
        raise Failure(f"grep: bad REGEX '{options['e'][:100]}': {exc}", 2) from exc

    def spans(line: str) -> Iterator[tuple[int, int]]:
        at = 0
        while at <= len(line):
            hits = [hit[0] for regex in found if (hit := regex.search(line, at)) is not None]
            if not hits:
                return
            start, end = min(hits, key=lambda hit: (hit[0], -hit[1]))
            if end > start:
                yield start, end
            at = max(end, start + 1)

    return (lambda line: any(regex.matches(line) for regex in found)), spans


class _Search:
    """The lines of one file gone through: those chosen are shown, with those around them where asked for."""

    def __init__(self, call: Call, options: dict[str, str], chosen: tuple[Callable[[str], bool], Spans]) -> None:
        self._call, self._options = call, options
        self._matches, self._spans = chosen
        self._most = _number(call, options["m"]) if "m" in options else -1
        self._before, self._after = (_number(call, options.get(letter) or options.get("C", "0")) for letter in "BA")
        self._quiet = bool({"q", "c", "l", "L"} & options.keys())

    def run(self, lines: Iterator[str], name: str, *, named: bool) -> bool:
        """Whether any line was chosen."""
        label = name if named else ""
        count, follow, shown = 0, 0, 0
        kept: list[tuple[int, str]] = []
        for number, line in enumerate(lines, 1):
            if self._most == count:
                break
            if self._matches(line) != ("v" in self._options):
                count += 1
                if {"q", "l"} & self._options.keys():
                    break
                if shown and number - len(kept) > shown + 1 and (self._before or self._after) and not self._quiet:
                    self._call.say("--")
                for at, earlier in kept:
                    self._show(label, at, earlier, "-")
                self._show_chosen(label, number, line)
                kept, shown, follow = [], number, self._after
            elif follow:
                self._show(label, number, line, "-")
                shown, follow = number, follow - 1
            elif self._before:
                kept = [*kept, (number, line)][-self._before :]
        if "c" in self._options:
            self._call.say(f"{label}:{count}" if label else str(count))
        elif ("l" in self._options and count) or ("L" in self._options and not count):
            self._call.say(name)
        return count > 0

    def _show_chosen(self, label: str, number: int, line: str) -> None:
        if "o" not in self._options:
            self._show(label, number, line, ":")
        else:
            for start, end in self._spans(line):
                self._show(label, number, line[start:end], ":")

    def _show(self, label: str, number: int, text: str, sign: str) -> None:
        if not self._quiet:
            counted = f"{number}{sign}" if "n" in self._options else ""
            self._call.say((f"{label}{sign}" if label else "") + counted + text)


def _number(call: Call, word: str) -> int:
    if re.fullmatch("[0-9]{1,9}", word) is None:
        raise Failure(f"{call.name}: not integer: {word}", 2)
    return int(word)


_SCRIPT = re.compile(r"\s*(?:(\d+|\$)(?:,(\d+|\$))?|/((?:[^/\\]|\\.)*)/)?\s*(!?)\s*([spdq])", re.DOTALL)


def sed(call: Call) -> int:
    """s/A/B/[gIp N], and p, d and q, with line numbers or /expressions/ before them; -n, -e, -E, -i."""
    options, words = call.options("nErizs", "ef")
    if "f" in options:
        raise Failure("sed: no script files")
    if "e" not in options:
        call.need(words)
        options["e"], words = words[0], words[1:]
    extended = bool({"E", "r"} & options.keys())
    commands = list(_commands(call, options["e"], extended=extended))
    for name in words or ["-"]:
        lines = _lines(call.read(name))
        written = "".join(_edited(call, lines, commands, silent="n" in options))
        if "i" in options and name != "-":
            call.files.write(call.target(name), encode(written))
        else:
            call.out(written)
    return 0


Edit = Callable[[str], tuple[str, bool]]
Step = tuple[Callable[[int, int, str], bool], str, Edit, bool]  # where, what, the edit, whether it prints


def _commands(call: Call, script: str, *, extended: bool) -> Iterator[Step]:
    at = 0
    while script[at:].strip(" \t\n;"):
        at += len(script[at:]) - len(script[at:].lstrip(" \t\n;"))
        found = _SCRIPT.match(script, at)
        if found is None:
            raise Failure(f"sed: bad pattern '{script[:100]}'@{at + 1}")
        at = found.end()
        where = _where(call, found, extended=extended)
        if found[5] != "s":
            yield where, found[5], lambda line: (line, False), False
            continue
        edit, prints, at = _substitute(call, script, at, extended=extended)
        yield where, "s", edit, prints


def _where(call: Call, found: re.Match[str], *, extended: bool) -> Callable[[int, int, str], bool]:
    first, last, pattern, inverted = found[1], found[2], found[3], bool(found[4])
    regex = _regex(call, pattern.replace("\\/", "/"), extended=extended) if pattern is not None else None

    def at(number: int, total: int, line: str) -> bool:
        if regex is not None:
            return regex.matches(line) != inverted
        if first is None:
            return not inverted
        low = total if first == "$" else int(first[:9])
        high = low if last is None else (total if last == "$" else max(low, int(last[:9])))
        return (low <= number <= high) != inverted

    return at


def _regex(call: Call, pattern: str, *, extended: bool, fold: bool = False) -> Regex:
    try:
        return Regex(pattern, extended=extended, ignore_case=fold, check=call.check)
    except BadPattern as exc:
        raise Failure(f"sed: bad pattern '{pattern[:100]}': {exc}") from exc


def _substitute(call: Call, script: str, at: int, *, extended: bool) -> tuple[Edit, bool, int]:
    """The edit of an s command whose "s" lies before `at`, whether it prints, and where it ends."""
    sign, pieces, current = script[at : at + 1], list[str](), ""
    at += 1
    while len(pieces) < 2:
        if at >= len(script) or not sign or sign in "\\\n":
            raise Failure(f"sed: bad pattern '{script[:100]}'@{at + 1} (s)")
        char = script[at]
        if char == "\\" and at + 1 < len(script):
            char = script[at + 1] if script[at + 1] == sign else script[at : at + 2]
            at += 1
        elif char == sign:
            pieces.append(current)
            current, char = "", ""
        current += char
        at += 1
    end = at
    while script[end : end + 1] in tuple("gIip0123456789"):
        end += 1
    letters = script[at:end]
    if script[end : end + 1] not in ("", ";", "\n", " ", "}"):
        raise Failure(f"sed: unknown option to s: '{script[end]}'")
    regex = _regex(call, pieces[0], extended=extended, fold="i" in letters.lower())
    number = int("".join(filter(str.isdecimal, letters))[:6] or 1)
    every = "g" in letters

    def edit(line: str) -> tuple[str, bool]:
        return _replaced(regex, pieces[1], line, number, every=every)

    return edit, "p" in letters, end


def _replaced(regex: Regex, replacement: str, line: str, number: int, *, every: bool) -> tuple[str, bool]:
    written, at, seen = [], 0, 0
    while at <= len(line) and (hit := regex.search(line, at)) is not None:
        (start, end), seen = hit[0], seen + 1
        written.append(line[at:start])
        if seen == number or (every and seen > number):
            written.append(_filled(replacement, line, hit))
        else:
            written.append(line[start:end])
        if end == start:
            written.append(line[start : start + 1])
        at = end if end > start else end + 1
        if seen >= number and not every:
            break
    return "".join(written) + line[at:], seen >= number


def _filled(replacement: str, line: str, hit: list[tuple[int, int]]) -> str:
    def part(found: re.Match[str]) -> str:
        if found[0] == "&":
            return line[slice(*hit[0])]
        char = found[0][1]
        if char.isdecimal():
            number = int(char)
            return line[slice(*hit[number])] if number < len(hit) and hit[number][0] >= 0 else ""
        return {"n": "\n", "t": "\t"}.get(char, char)

    return re.sub(r"(?s)&|\\.", part, replacement)


def _edited(call: Call, lines: list[str], commands: list[Step], *, silent: bool) -> Iterator[str]:
    for number, original in enumerate(lines, 1):
        call.check()
        line, deleted, ended = original, False, False
        for where, what, edit, prints in commands:
            if not where(number, len(lines), line):
                continue
            if what == "s":
                line, changed = edit(line)
                if changed and prints:
                    yield line + "\n"
            elif what == "p":
                yield line + "\n"
            else:
                deleted, ended = what == "d", what == "q"
                break
        if not deleted and not silent:
            yield line + "\n"
        if ended:
            return


PROGRAMS = {"grep": grep, "egrep": grep, "fgrep": grep, "sed": sed}
