"""Words and signs of the shell's language: quotes, parameters, substitutions, operators."""

import re
from collections.abc import Callable

from environments.phone.shell.escapes import unescape
from environments.phone.shell.tree import Arithmetic, Literal, Parameter, Part, Sequence, Substitution, Word

MAX_DEPTH = 40


class ShellSyntaxError(Exception):
    """The line is not one; the words are mksh's. `incomplete`: more lines might complete it."""

    def __init__(self, message: str, *, incomplete: bool = False) -> None:
        super().__init__(message)
        self.incomplete = incomplete


_BREAKS = " \t\n;&|<>()"
_BLANK = re.compile(r"(?:[ \t]|\\\n)*(?:#[^\n]*)?")
_OPERATOR = re.compile(r"&&|\|\||;;|[;&|()\n]")
REDIRECT = re.compile(r"(&>>|&>|[0-9]?(?:<<<|<<|>>|>\||<>|>&|<&|>|<))")
_RESERVED = re.compile(
    r"(?:if|then|else|elif|fi|do|done|case|esac|while|until|for|in|\{|\}|!|\[\[|function|select|time)"
    r"(?=[ \t\n;&|<>()]|$)"
)
CLOSING = ("then", "else", "elif", "fi", "do", "done", "esac", "}", "in", "[[", "function", "select")
ASSIGNMENT = re.compile(r"([A-Za-z_][A-Za-z0-9_]*)=")
NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_PARAMETER = re.compile(r"[A-Za-z_][A-Za-z0-9_]*|[0-9]+|[?$!#@*-]")
_OPERATIONS = re.compile(r":[-=+?]|%%|##|[-=+?%#]")
_PLAIN = {
    (_BREAKS, False): re.compile(r"[^ \t\n;&|<>()'\"\\$`]+"),
    ("}", False): re.compile(r"[^}'\"\\$`]+"),
    ('"', True): re.compile(r"[^\"\\$`]+"),
    ("}", True): re.compile(r"[^}\"\\$`]+"),
    ("()", True): re.compile(r"[^()\"\\$`]+"),
}


_BLANK_STARTS = frozenset(" \t\\#")
_OPERATOR_STARTS = frozenset(";&|()\n")
_RESERVED_STARTS = frozenset("itefdcwu{}![s")
REDIRECT_STARTS = frozenset("<>&0123456789")


class Lexer:
    """Goes through a text. What it needs from the grammar, the commands of a substitution, a Parser adds. `check` is
    called now and then; what it raises ends the reading."""

    def __init__(self, text: str, depth: int = 0, check: Callable[[], None] = lambda: None) -> None:
        self._text = text
        self._at = 0
        self._depth = depth
        self._check = check
        self._open: list[str] = []

    def commands(self) -> Sequence:
        """The commands up to a closing sign, which is left where it is."""
        raise NotImplementedError

    def commands_of(self, text: str) -> Sequence:
        """All commands of another text."""
        raise NotImplementedError

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
            part = Substitution(self.commands(), quoted)
            self._expect_operator(")")
        elif following == "{":
            part = self._braced(quoted)
        elif name := (NAME if following.isalpha() or following == "_" else _PARAMETER).match(text, self._at):
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
        found = self.commands_of(body)
        self._depth -= 1
        return Substitution(found, quoted)

    # -- tokens ----------------------------------------------------------------------------------------------------

    def _blanks(self) -> None:
        if self._text[self._at : self._at + 1] in _BLANK_STARTS:
            found = _BLANK.match(self._text, self._at)
            self._at = found.end() if found else self._at

    def _skip_newlines(self) -> None:
        while self._operator() == "\n":
            self._at += 1

    def _operator(self) -> str:
        """The operator that stands next, or nothing; a redirection is none."""
        self._blanks()
        if self._text[self._at : self._at + 1] not in _OPERATOR_STARTS:
            return ""
        found = _OPERATOR.match(self._text, self._at)
        return "" if found is None or REDIRECT.match(self._text, self._at) else found[0]

    def _reserved(self) -> str:
        self._blanks()
        if self._text[self._at : self._at + 1] not in _RESERVED_STARTS:
            return ""
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
        redirect = REDIRECT.match(self._text, self._at)
        if redirect is not None:
            token = redirect[0]
        elif operator:
            token = "newline" if operator == "\n" else operator
        else:
            token = re.split(r"[ \t\n;&|<>()]", self._text[self._at : self._at + 32], maxsplit=1)[0]
        return ShellSyntaxError(f"syntax error: unexpected '{token}'")
