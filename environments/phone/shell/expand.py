"""Words as the arguments they stand for: braces, parameters, substitutions, splitting at IFS, file names."""

import fnmatch
import itertools
import re
from collections.abc import Callable, Iterator

from environments.phone.files import FileError, Files
from environments.phone.shell import arithmetic
from environments.phone.shell.call import Failure
from environments.phone.shell.scope import NAME, Scope
from environments.phone.shell.tree import Arithmetic, Literal, Parameter, Part, Sequence, Substitution, Word

MAX_BYTES = 8_000_000
MAX_BRACED = 10_000
_SPECIAL = re.compile(r"[*?\[]")

Segments = list[tuple[str, bool]]  # pieces of one argument, and whether each was quoted


class Expander:
    """Expands words in a scope; `substitute` runs the body of a command substitution and gives what it wrote."""

    def __init__(self, scope: Scope, substitute: Callable[[Sequence], str]) -> None:
        self._scope = scope
        self._substitute = substitute

    def arguments(self, words: tuple[Word, ...]) -> list[str]:
        """The arguments that words stand for, file names included. Raises Failure."""
        found: list[str] = []
        size = 0
        for word in words:
            for braced in _braces(word):
                for segments in self._split(braced):
                    names = self._file_names(segments)
                    found.extend(names)
                    size += sum(map(len, names)) + 10
                if size > MAX_BYTES:
                    raise Failure(f"{NAME}: out of memory")
                self._scope.budget.check()
        return found

    def text(self, word: Word) -> str:
        """One text: no splitting and no file names, as in an assignment."""
        return "".join(text for text, _quoted in self._segments(word))

    def pattern(self, word: Word) -> str:
        """A pattern for `fnmatch`, in which what was quoted stands for itself."""
        return _pattern(self._segments(word))

    # -- parameters ------------------------------------------------------------------------------------------------

    def _segments(self, word: Word) -> Segments:
        found: Segments = []
        for number, part in enumerate(word):
            if isinstance(part, Literal):
                text = self._home(part.text) if number == 0 and not part.quoted else part.text
                found.append((text, part.quoted))
            else:
                found.append((self._value(part), part.quoted))
        return found

    def _home(self, text: str) -> str:
        if text == "~" or text.startswith("~/"):
            return self._scope.variables.get("HOME", "~").rstrip("/") + (text[1:] or "/")
        return text

    def _value(self, part: Part) -> str:
        if isinstance(part, Substitution):
            return self._substitute(part.body)
        if isinstance(part, Arithmetic):
            try:
                return str(arithmetic.evaluate(self.text(part.word), self._scope.variables))
            except arithmetic.BadExpression as exc:
                raise Failure(f"{NAME}: {exc}") from exc
        if isinstance(part, Parameter):
            value = self._operate(part)
            if len(value) > MAX_BYTES:
                raise Failure(f"{NAME}: out of memory")
            return value
        return part.text

    def _lookup(self, name: str) -> str | None:
        scope = self._scope
        if name.isdecimal():
            number = int(name[:9])
            return scope.name if number == 0 else dict(enumerate(scope.arguments, 1)).get(number)
        special = {"?": str(scope.status), "$": str(scope.pid), "#": str(len(scope.arguments)), "-": "", "!": None}
        if name in ("@", "*"):
            return " ".join(scope.arguments) if scope.arguments else None
        return special[name] if name in special else scope.variables.get(name)

    def _operate(self, part: Parameter) -> str:
        value = self._lookup(part.name)
        operator = part.operator
        if operator == "length":
            return str(len(value or ""))
        if operator in ("%", "%%", "#", "##"):
            return _trim(value or "", operator, self.pattern(part.word), self._scope.budget.check)
        missing = not value if operator.startswith(":") else value is None
        kind = operator[-1:]
        if kind == "+":
            return "" if missing else self.text(part.word)
        if not missing or kind == "":
            return value or ""
        word = self.text(part.word)
        if kind == "=":
            self._scope.variables[part.name] = word
        if kind == "?":
            raise Failure(f"{NAME}: {part.name}: {word or 'parameter null or not set'}")
        return word

    # -- fields ----------------------------------------------------------------------------------------------------

    def _split(self, word: Word) -> Iterator[Segments]:
        """The arguments of a word, before file names: unquoted values are split at IFS."""
        current: Segments | None = None
        for number, part in enumerate(word):
            if isinstance(part, Parameter) and part.quoted and part.name == "@" and not part.operator:
                for at, argument in enumerate(self._scope.arguments):
                    if at:
                        yield current or []
                        current = None
                    current = [*(current or []), (argument, True)]
                continue
            (text, quoted), *_ = self._segments((part,)) if number == 0 else [(self._plain(part), part.quoted)]
            if quoted or isinstance(part, Literal):
                current = [*(current or []), (text, quoted)]
                continue
            pieces, leading, trailing = _fields(text, self._scope.variables.get("IFS", " \t\n"))
            if leading and current is not None:
                yield current
                current = None
            for at, piece in enumerate(pieces):
                if at:
                    yield current or []
                    current = None
                current = [*(current or []), (piece, False)]
            if trailing and current is not None:
                yield current
                current = None
        if current is not None:
            yield current

    def _plain(self, part: Part) -> str:
        return part.text if isinstance(part, Literal) else self._value(part)

    def _file_names(self, segments: Segments) -> list[str]:
        text = "".join(piece for piece, _quoted in segments)
        if not any(not quoted and _SPECIAL.search(piece) for piece, quoted in segments):
            return [text]
        found = glob(self._scope.machine.files, _pattern(segments), self._scope.cwd, self._scope.budget.check)
        return found or [text]


def glob(files: Files, pattern: str, cwd: str, check: Callable[[], None] = lambda: None) -> list[str]:
    """The names on the phone that match an fnmatch pattern, sorted."""
    found = ["/"] if pattern.startswith("/") else [""]
    parts = [part for part in pattern.split("/") if part]
    for number, part in enumerate(parts):
        following: list[str] = []
        for folder in found:
            check()
            try:
                names = files.list(files.resolve(folder, cwd))
            except FileError:
                continue
            plain = re.sub(r"\[([*?\[])\]", r"\1", part)
            if _SPECIAL.search(re.sub(r"\[[*?\[]\]", "", part)) is None:
                names = [plain] if files.stat(files.resolve(folder + plain, cwd)) is not None else []
            last = number == len(parts) - 1
            following.extend(
                folder + name + ("" if last else "/")
                for name in names
                if (name == plain or fnmatch.fnmatchcase(name, part)) and name.startswith(".") <= part.startswith(".")
            )
        found = following
    return found if parts else []


def _pattern(segments: Segments) -> str:
    return "".join(_SPECIAL.sub(r"[\g<0>]", text) if quoted else text for text, quoted in segments)


def _trim(value: str, operator: str, pattern: str, check: Callable[[], None]) -> str:
    if _SPECIAL.search(pattern) is None:
        return value.removesuffix(pattern) if operator[0] == "%" else value.removeprefix(pattern)
    matches = re.compile(fnmatch.translate(pattern)).match
    cuts = range(len(value) + 1) if operator in ("%%", "#") else range(len(value), -1, -1)
    for cut in cuts:
        check()
        if matches(value[cut:] if operator[0] == "%" else value[:cut]):
            return value[:cut] if operator[0] == "%" else value[cut:]
    return value


def _fields(text: str, ifs: str) -> tuple[list[str], bool, bool]:
    """The pieces of a text between separators, and whether it begins and whether it ends with one."""
    if not text or not ifs:
        return ([text] if text else []), False, False
    blank = "".join(char for char in ifs if char in " \t\n")
    hard = "".join(char for char in ifs if char not in " \t\n")
    core = text.strip(blank) if blank else text
    if not core:
        return [], True, True
    leading, trailing = bool(blank) and text[0] in blank, bool(blank) and text[-1] in blank
    if not hard:
        return re.split(f"[{re.escape(blank)}]+", core), leading, trailing
    white = f"[{re.escape(blank)}]*" if blank else ""
    pieces = re.split(f"{white}[{re.escape(hard)}]{white}" + (f"|[{re.escape(blank)}]+" if blank else ""), core)
    if pieces[-1] == "":
        return pieces[:-1], leading, True
    return pieces, leading, trailing


def _braces(word: Word) -> Iterator[Word]:
    """A word with {a,b} spelled out, as mksh does for what is not quoted."""
    if not any(isinstance(part, Literal) and not part.quoted and "{" in part.text for part in word):
        return iter((word,))
    items: list[Part] = []
    for part in word:
        if isinstance(part, Literal) and not part.quoted:
            items.extend(Literal(piece, quoted=False) for piece in re.findall(r"[^{},]+|[{},]", part.text))
        else:
            items.append(part)
    if len(items) > 1000:
        return iter((word,))
    return map(tuple, itertools.islice(_alternatives(items), MAX_BRACED))


def _alternatives(items: list[Part], start: int = 0) -> Iterator[list[Part]]:
    for opening in range(start, len(items)):
        found = _brace(items, opening)
        if found is not None:
            choices, closing = found
            for choice in choices:
                yield from _alternatives([*items[:opening], *choice, *items[closing + 1 :]], opening)
            return
    yield items


def _brace(items: list[Part], opening: int) -> tuple[list[list[Part]], int] | None:
    """What a brace at this place offers, and where it closes; None where there is none."""
    if items[opening] != Literal("{", quoted=False):
        return None
    choices: list[list[Part]] = [[]]
    depth = 0
    for at in range(opening + 1, len(items)):
        item = items[at]
        sign = item.text if isinstance(item, Literal) and not item.quoted and item.text in ("{", "}", ",") else ""
        if sign == "}" and depth == 0:
            return (choices, at) if len(choices) > 1 else None
        depth += (sign == "{") - (sign == "}")
        if sign == "," and depth == 0:
            choices.append([])
        else:
            choices[-1].append(item)
    return None
