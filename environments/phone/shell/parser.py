"""A shell line as a tree. The grammar is that part of mksh's which people send over ADB: lists, pipes, groups,
if, for, while, until, case, redirections, quotes, parameters and command substitution. No functions, no here
documents. Nothing here runs anything.
"""

from environments.phone.shell.lexer import (
    ASSIGNMENT,
    CLOSING,
    MAX_DEPTH,
    NAME,
    REDIRECT,
    REDIRECT_STARTS,
    Lexer,
    ShellSyntaxError,
)
from environments.phone.shell.tree import (
    AndOr,
    Case,
    Command,
    For,
    Group,
    If,
    Loop,
    Pipeline,
    Redirect,
    Sequence,
    Simple,
    Word,
)

__all__ = ["Parser", "ShellSyntaxError"]


class Parser(Lexer):
    """Reads one complete command at a time, so that an error on the second line lets the first one run."""

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

    def commands(self) -> Sequence:
        return self._and_ors(line=False)

    def commands_of(self, text: str) -> Sequence:
        inner = Parser(text, self._depth, self._check)
        found: list[AndOr] = []
        while (line := inner.next()) is not None:
            found.extend(line)
        return tuple(found)

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
            self._check()
            if not line:
                self._skip_newlines()
            operator = self._operator()
            if self._at >= len(self._text) or operator in (")", ";;") or self._reserved() in CLOSING:
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
        elif word in CLOSING:
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
            name = None if words else ASSIGNMENT.match(self._text, self._at)
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
        name = NAME.match(self._text, self._at)
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
        if self._text[self._at : self._at + 1] not in REDIRECT_STARTS:
            return None
        found = REDIRECT.match(self._text, self._at)
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
