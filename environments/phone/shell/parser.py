"""A shell line as a tree. The grammar is that part of mksh's which people send over ADB: lists, pipes, groups,
if, for, while, until, case, redirections, quotes, parameters and command substitution. No functions, no here
documents. Nothing here runs anything.
"""

import re
from dataclasses import dataclass

from environments.phone.shell.escapes import unescape

MAX_DEPTH = 40


class ShellSyntaxError(Exception):
    """The line is not one; the words are mksh's. `incomplete`: more lines might complete it."""

    def __init__(self, message: str, *, incomplete: bool = False) -> None:
        super().__init__(message)
        self.incomplete = incomplete


@dataclass(frozen=True)
class Literal:
    text: str
    quoted: bool


@dataclass(frozen=True)
class Parameter:
    """`$name`, or `${name operator word}`."""

    name: str
    quoted: bool
    operator: str = ""
    word: "Word" = ()


@dataclass(frozen=True)
class Substitution:
    """`$(body)`"""

    body: "Sequence"
    quoted: bool


@dataclass(frozen=True)
class Arithmetic:
    """`$((expression))`"""

    word: "Word"
    quoted: bool


Part = Literal | Parameter | Substitution | Arithmetic
Word = tuple[Part, ...]


@dataclass(frozen=True)
class Redirect:
    fd: int
    operator: str
    target: Word


@dataclass(frozen=True)
class Simple:
    assignments: tuple[tuple[str, Word], ...]
    words: tuple[Word, ...]


@dataclass(frozen=True)
class Group:
    body: "Sequence"
    subshell: bool


@dataclass(frozen=True)
class If:
    branches: tuple[tuple["Sequence", "Sequence"], ...]
    otherwise: "Sequence"


@dataclass(frozen=True)
class Loop:
    condition: "Sequence"
    body: "Sequence"
    until: bool


@dataclass(frozen=True)
class For:
    """`words` is None where the line has no "in"."""

    name: str
    words: tuple[Word, ...] | None
    body: "Sequence"


@dataclass(frozen=True)
class Case:
    word: Word
    arms: tuple[tuple[tuple[Word, ...], "Sequence"], ...]


@dataclass(frozen=True)
class Command:
    kind: Simple | Group | If | Loop | For | Case
    redirects: tuple[Redirect, ...]


@dataclass(frozen=True)
class Pipeline:
    commands: tuple[Command, ...]
    negated: bool


@dataclass(frozen=True)
class AndOr:
    """Pipelines, each with what joins it to those before: "", "&&" or "||"."""

    pipelines: tuple[tuple[str, Pipeline], ...]
    background: bool


Sequence = tuple[AndOr, ...]

_BREAKS = " \t\n;&|<>()"
_BLANK = re.compile(r"(?:[ \t]|\\\n)*(?:#[^\n]*)?")
_OPERATOR = re.compile(r"&&|\|\||;;|[;&|()\n]")
_REDIRECT = re.compile(r"(&>>|&>|[0-9]?(?:<<<|<<|>>|>\||<>|>&|<&|>|<))")
_RESERVED = re.compile(
    r"(?:if|then|else|elif|fi|do|done|case|esac|while|until|for|in|\{|\}|!|\[\[|function|select|time)(?=[ \t\n;&|<>()]|$)"
)
_CLOSING = ("then", "else", "elif", "fi", "do", "done", "esac", "}", "in", "[[", "function", "select")
_ASSIGNMENT = re.compile(r"([A-Za-z_][A-Za-z0-9_]*)=")
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_PARAMETER = re.compile(r"[A-Za-z_][A-Za-z0-9_]*|[0-9]+|[?$!#@*-]")
_OPERATIONS = re.compile(r":[-=+?]|%%|##|[-=+?%#]")
_PLAIN = {
    (_BREAKS, False): re.compile(r"[^ \t\n;&|<>()'\"\\$`]+"),
    ("}", False): re.compile(r"[^}'\"\\$`]+"),
    ('"', True): re.compile(r"[^\"\\$`]+"),
    ("}", True): re.compile(r"[^}\"\\$`]+"),
    ("()", True): re.compile(r"[^()\"\\$`]+"),
}


class Parser:
    """Reads one complete command at a time, so that an error on the second line lets the first one run."""

    def __init__(self, text: str, depth: int = 0) -> None:
        self._text = text
        self._at = 0
        self._depth = depth
        self._open: list[str] = []

    def next(self) -> Sequence | None:
        """The commands up to the end of the line, or None at the end of the text. Raises ShellSyntaxError."""
        while self._operator() == "\n":
            self._at += 1
        if self._at >= len(self._text):
            return None
        found = self._and_ors(line=True)
        if self._at < len(self._text) and self._operator() != "\n":
            raise self._unexpected()
        return found

    # -- lists and pipes -------------------------------------------------------------------------------------------

    def _sequence(self) -> Sequence:
        """Commands up to a closing word or bracket, which is left where it is; at least one."""
        found = self._and_ors(line=False)
        if not found:
            raise self._unexpected()
        return found

    def _and_ors(self, *, line: bool) -> Sequence:
        found: list[AndOr] = []
        while True:
            if not line:
                self._skip_newlines()
            operator = self._operator()
            if self._at >= len(self._text) or operator in (")", ";;") or self._reserved() in _CLOSING:
                return tuple(found)
            if line and operator == "\n" and found:
                return tuple(found)
            pipelines = [("", self._pipeline())]
            while (joined := self._operator()) in ("&&", "||"):
                self._at += 2
                self._skip_newlines()
                pipelines.append((joined, self._pipeline()))
            ended = self._operator()
            found.append(AndOr(tuple(pipelines), background=ended == "&"))
            if ended in (";", "&"):
                self._at += 1
            elif ended != "\n" or line:
                return tuple(found)

    def _pipeline(self) -> Pipeline:
        negated = False
        while self._reserved() in ("!", "time"):
            negated ^= self._reserved() == "!"
            self._take_reserved()
        commands = [self._command()]
        while self._operator() == "|":
            self._at += 1
            self._skip_newlines()
            commands.append(self._command())
        return Pipeline(tuple(commands), negated)

    # -- commands --------------------------------------------------------------------------------------------------

    def _command(self) -> Command:
        self._depth += 1
        if self._depth > MAX_DEPTH:
            raise ShellSyntaxError("syntax error: too many nested commands")
        word = self._reserved() or self._operator()
        self._open.append(word)
        if word == "(":
            self._at += 1
            kind: Simple | Group | If | Loop | For | Case = Group(self._sequence(), subshell=True)
            self._expect_operator(")")
        elif word == "{":
            self._take_reserved()
            kind = Group(self._sequence(), subshell=False)
            self._expect("}")
        elif word == "if":
            kind = self._if()
        elif word in ("while", "until"):
            self._take_reserved()
            kind = Loop(self._sequence(), self._body(), until=word == "until")
        elif word == "for":
            kind = self._for()
        elif word == "case":
            kind = self._case()
        elif word in _CLOSING:
            raise self._unexpected()
        else:
            self._depth -= 1
            self._open.pop()
            return self._simple()
        self._open.pop()
        redirects: list[Redirect] = []
        while (redirect := self._redirect()) is not None:
            redirects.append(redirect)
        self._depth -= 1
        return Command(kind, tuple(redirects))

    def _simple(self) -> Command:
        assignments: list[tuple[str, Word]] = []
        words: list[Word] = []
        redirects: list[Redirect] = []
        while True:
            redirect = self._redirect()
            if redirect is not None:
                redirects.append(redirect)
                continue
            name = None if words else _ASSIGNMENT.match(self._text, self._at)
            if name is not None:
                self._at = name.end()
                assignments.append((name[1], self._word_here()))
                continue
            word = self._word()
            if not word:
                break
            words.append(word)
        if not (assignments or words or redirects) or self._operator() == "(":
            raise self._unexpected()
        return Command(Simple(tuple(assignments), tuple(words)), tuple(redirects))

    def _if(self) -> If:
        branches: list[tuple[Sequence, Sequence]] = []
        otherwise: Sequence = ()
        while self._reserved() in ("if", "elif"):
            self._take_reserved()
            condition = self._sequence()
            self._expect("then")
            branches.append((condition, self._sequence()))
        if self._reserved() == "else":
            self._take_reserved()
            otherwise = self._sequence()
        self._expect("fi")
        return If(tuple(branches), otherwise)

    def _for(self) -> For:
        self._take_reserved()
        self._blanks()
        name = _NAME.match(self._text, self._at)
        if name is None:
            raise self._unexpected()
        self._at = name.end()
        self._skip_newlines()
        words: list[Word] | None = None
        if self._reserved() == "in":
            self._take_reserved()
            words = []
            while word := self._word():
                words.append(word)
        if self._operator() == ";":
            self._at += 1
        return For(name[0], None if words is None else tuple(words), self._body())

    def _case(self) -> Case:
        self._take_reserved()
        word = self._required_word()
        self._skip_newlines()
        self._expect("in")
        arms: list[tuple[tuple[Word, ...], Sequence]] = []
        while True:
            self._skip_newlines()
            if self._reserved() == "esac":
                self._take_reserved()
                return Case(word, tuple(arms))
            if self._operator() == "(":
                self._at += 1
            patterns = [self._required_word()]
            while self._operator() == "|":
                self._at += 1
                patterns.append(self._required_word())
            self._expect_operator(")")
            arms.append((tuple(patterns), self._and_ors(line=False)))
            if self._operator() == ";;":
                self._at += 2

    def _body(self) -> Sequence:
        self._skip_newlines()
        self._expect("do")
        body = self._sequence()
        self._expect("done")
        return body

    def _redirect(self) -> Redirect | None:
        self._blanks()
        found = _REDIRECT.match(self._text, self._at)
        if found is None:
            return None
        operator = found[0]
        fd = int(operator[0]) if operator[0].isdigit() else (0 if operator[0] == "<" else 1)
        operator = operator.lstrip("0123456789")
        self._at = found.end()
        target = self._required_word()
        if operator == "<<":
            raise ShellSyntaxError("here document unclosed")
        return Redirect(fd, operator, target)

    # -- words -----------------------------------------------------------------------------------------------------

    def _word(self) -> Word:
        """The next word, or nothing where there is none."""
        self._blanks()
        return self._word_here()

    def _word_here(self) -> Word:
        return tuple(self._parts(_BREAKS, quoted=False))

    def _required_word(self) -> Word:
        word = self._word()
        if not word:
            raise self._unexpected()
        return word

    def _parts(self, stop: str, *, quoted: bool) -> list[Part]:
        text, parts, plain = self._text, list[Part](), _PLAIN[stop, quoted]
        while self._at < len(text) and (char := text[self._at]) not in stop:
            run = plain.match(text, self._at)
            if run is not None:
                self._at = run.end()
                parts.append(Literal(run[0], quoted))
            elif char == "\\":
                parts.extend(self._backslash(quoted))
            elif char == "'":
                parts.append(Literal(self._until("'", self._at + 1), quoted=True))
            elif char == '"':
                parts.extend(self._double_quoted())
            elif char == "$":
                parts.extend(self._dollar(quoted))
            elif char == "`":
                parts.append(self._backquoted(quoted))
            else:
                self._at += 1
                parts.append(Literal(char, quoted))
        return parts

    def _backslash(self, quoted: bool) -> list[Part]:
        following = self._text[self._at + 1 : self._at + 2]
        self._at += 1 + len(following)
        if following == "\n":
            return []
        if not following or (quoted and following not in '$`"\\'):
            return [Literal("\\" + following, quoted=True)]
        return [Literal(following, quoted=True)]

    def _until(self, closing: str, start: int) -> str:
        end = self._text.find(closing, start)
        if end < 0:
            raise ShellSyntaxError("no closing quote", incomplete=True)
        self._at = end + 1
        return self._text[start:end]

    def _double_quoted(self) -> list[Part]:
        self._deeper()
        self._at += 1
        parts = self._parts('"', quoted=True)
        self._close('"')
        self._depth -= 1
        return parts or [Literal("", quoted=True)]

    def _deeper(self) -> None:
        self._depth += 1
        if self._depth > MAX_DEPTH:
            raise ShellSyntaxError("syntax error: too many nested commands")

    def _close(self, closing: str) -> None:
        if self._at >= len(self._text):
            raise ShellSyntaxError("no closing quote", incomplete=True)
        self._at += len(closing)

    def _dollar(self, quoted: bool) -> list[Part]:
        text = self._text
        self._at += 1
        following = text[self._at : self._at + 1]
        if following == "'" and not quoted:
            return [Literal(self._ansi_quoted(), quoted=True)]
        if following == '"' and not quoted:
            return self._double_quoted()
        self._deeper()
        part: Part
        if text.startswith("((", self._at):
            part = self._arithmetic(quoted)
        elif following == "(":
            self._at += 1
            part = Substitution(self._and_ors(line=False), quoted)
            self._expect_operator(")")
        elif following == "{":
            part = self._braced(quoted)
        elif name := (_NAME if following.isalpha() or following == "_" else _PARAMETER).match(text, self._at):
            self._at = name.end() if not following.isdigit() else self._at + 1
            part = Parameter(name[0] if not following.isdigit() else following, quoted)
        else:
            part = Literal("$", quoted)
        self._depth -= 1
        return [part]

    def _ansi_quoted(self) -> str:
        end = self._at + 1
        while end < len(self._text) and self._text[end] != "'":
            end += 2 if self._text[end] == "\\" else 1
        return unescape(self._span(end))[0]

    def _span(self, end: int) -> str:
        start = self._at + 1
        if end >= len(self._text):
            raise ShellSyntaxError("no closing quote", incomplete=True)
        self._at = end + 1
        return self._text[start:end]

    def _arithmetic(self, quoted: bool) -> Arithmetic:
        self._at += 2
        parts: list[Part] = []
        brackets = 0
        while True:
            parts.extend(self._parts("()", quoted=True))
            char = self._text[self._at : self._at + 1]
            if not char:
                raise ShellSyntaxError("syntax error: unexpected EOF", incomplete=True)
            if char == ")" and brackets == 0:
                break
            brackets += 1 if char == "(" else -1
            parts.append(Literal(char, quoted=True))
            self._at += 1
        if not self._text.startswith("))", self._at):
            raise ShellSyntaxError("syntax error: unexpected ')'")
        self._at += 2
        return Arithmetic(tuple(parts), quoted)

    def _braced(self, quoted: bool) -> Part:
        start = self._at
        self._at += 1
        length = self._text.startswith("#", self._at) and not self._text.startswith("#}", self._at)
        self._at += length
        name = _PARAMETER.match(self._text, self._at)
        if name is None:
            raise self._bad_substitution(start)
        self._at = name.end()
        operation = _OPERATIONS.match(self._text, self._at)
        if length or operation is None:
            if not self._text.startswith("}", self._at):
                raise self._bad_substitution(start)
            self._at += 1
            return Parameter(name[0], quoted, "length" if length else "")
        self._at = operation.end()
        word = tuple(self._parts("}", quoted=quoted))
        self._close("}")
        return Parameter(name[0], quoted, operation[0], word)

    def _bad_substitution(self, start: int) -> ShellSyntaxError:
        end = self._text.find("}", start)
        if end < 0:
            return ShellSyntaxError("no closing quote", incomplete=True)
        return ShellSyntaxError(f"${self._text[start : end + 1][:64]}: bad substitution")

    def _backquoted(self, quoted: bool) -> Substitution:
        end = self._at + 1
        while end < len(self._text) and self._text[end] != "`":
            end += 2 if self._text[end] == "\\" else 1
        body = re.sub(r'\\([$`"\\])' if quoted else r"\\([$`\\])", r"\1", self._span(end))
        self._deeper()
        inner = Parser(body, self._depth)
        found: list[AndOr] = []
        while (line := inner.next()) is not None:
            found.extend(line)
        self._depth -= 1
        return Substitution(tuple(found), quoted)

    # -- tokens ----------------------------------------------------------------------------------------------------

    def _blanks(self) -> None:
        found = _BLANK.match(self._text, self._at)
        if found is not None:
            self._at = found.end()

    def _skip_newlines(self) -> None:
        while self._operator() == "\n":
            self._at += 1

    def _operator(self) -> str:
        """The operator that stands next, or nothing; a redirection is none."""
        self._blanks()
        found = _OPERATOR.match(self._text, self._at)
        return "" if found is None or _REDIRECT.match(self._text, self._at) else found[0]

    def _reserved(self) -> str:
        self._blanks()
        found = _RESERVED.match(self._text, self._at)
        return "" if found is None else found[0]

    def _take_reserved(self) -> None:
        self._at += len(self._reserved())

    def _expect(self, word: str) -> None:
        if self._reserved() != word:
            raise self._unexpected()
        self._at += len(word)

    def _expect_operator(self, operator: str) -> None:
        if self._operator() != operator:
            raise self._unexpected()
        self._at += len(operator)

    def _unexpected(self) -> ShellSyntaxError:
        operator = self._operator()
        if self._at >= len(self._text):
            what = f"unmatched '{self._open[-1]}'" if self._open else "unexpected EOF"
            return ShellSyntaxError(f"syntax error: {what}", incomplete=True)
        redirect = _REDIRECT.match(self._text, self._at)
        if redirect is not None:
            token = redirect[0]
        elif operator:
            token = "newline" if operator == "\n" else operator
        else:
            token = re.split(r"[ \t\n;&|<>()]", self._text[self._at : self._at + 32], maxsplit=1)[0]
        return ShellSyntaxError(f"syntax error: unexpected '{token}'")
