"""The commands that are part of the shell: those that change it, and echo, test and the like."""

import re
from collections.abc import Callable

from environments.phone.files import FileError
from environments.phone.shell.call import Call, Failure
from environments.phone.shell.escapes import unescape
from environments.phone.shell.scope import NAME, Scope

Builtin = Callable[[Scope, Call], int]
MAX_CODE = 255


class ExitShell(Exception):
    """`exit`"""

    def __init__(self, code: int) -> None:
        super().__init__(code)
        self.code = code & MAX_CODE


class BreakLoop(Exception):
    """`break`"""

    def __init__(self, levels: int) -> None:
        super().__init__(levels)
        self.levels = levels


class ContinueLoop(BreakLoop):
    """`continue`"""


def _number(call: Call, default: int) -> int:
    if not call.args:
        return default
    if re.fullmatch(r"[+-]?[0-9]{1,9}", call.args[0]) is None:
        raise Failure(f"{NAME}: {call.name}: {call.args[0]}: bad number")
    return int(call.args[0])


def _exit(scope: Scope, call: Call) -> int:
    raise ExitShell(_number(call, scope.status))


def _break(scope: Scope, call: Call) -> int:
    if scope.loops:
        raise (BreakLoop if call.name == "break" else ContinueLoop)(max(1, _number(call, 1)))
    call.err(f"{NAME}: {call.name}: cannot {call.name}")
    return 0


def _cd(scope: Scope, call: Call) -> int:
    name = call.args[0] if call.args else scope.variables.get("HOME", "/")
    if name == "-":
        name = scope.variables.get("OLDPWD", "/")
        call.say(name)
    try:
        path = call.path(name)
        entry = call.files.stat(path)
        if entry is None or not entry.is_folder:
            raise FileError(2, "No such file or directory" if entry is None else "Not a directory")
    except FileError as exc:
        raise Failure(f"{NAME}: cd: {name}: {exc.strerror}", 2) from exc
    scope.variables["OLDPWD"], scope.cwd = scope.cwd, path
    scope.variables["PWD"] = path
    return 0


def _export(scope: Scope, call: Call) -> int:
    for arg in call.args:
        if arg == "-p":
            continue
        name, equals, value = arg.partition("=")
        if re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*", name) is None:
            raise Failure(f"{NAME}: {call.name}: {name}: is not an identifier")
        if equals:
            scope.variables[name] = value
        if call.name == "export":
            scope.exported.add(name)
    if not call.args:
        for name, value in scope.environment().items():
            call.say(f"{name}={value}")
    return 0


def _unset(scope: Scope, call: Call) -> int:
    for name in call.args:
        scope.variables.pop(name, None)
        scope.exported.discard(name)
    return 0


def _set(scope: Scope, call: Call) -> int:
    args = call.args
    if not args:
        for name in sorted(scope.variables):
            call.say(f"{name}={scope.variables[name]!r}" if name == "IFS" else f"{name}={scope.variables[name]}")
    while args and re.fullmatch(r"[-+][a-zA-Z]+", args[0]):
        if "e" in args[0]:
            scope.exit_on_error = args[0][0] == "-"
        args = args[2:] if args[0][1:] == "o" else args[1:]
    if args and args[0] == "--":
        args = args[1:]
        scope.arguments = tuple(args)
    elif args:
        scope.arguments = tuple(args)
    return 0


def _shift(scope: Scope, call: Call) -> int:
    count = _number(call, 1)
    if not 0 <= count <= len(scope.arguments):
        raise Failure(f"{NAME}: shift: nothing to shift")
    scope.arguments = scope.arguments[count:]
    return 0


def _read(scope: Scope, call: Call) -> int:
    """One line into variables; the last takes the rest. What was read beyond the line is lost to later commands."""
    names = [arg for arg in call.args if not arg.startswith("-")] or ["REPLY"]
    line = next(call.lines(), None)
    words = (line or "").split(None, len(names) - 1)
    for number, name in enumerate(names):
        scope.variables[name] = words[number] if number < len(words) else ""
    return 1 if line is None else 0


def _wait(scope: Scope, call: Call) -> int:
    for job in scope.jobs:
        while job.is_alive():
            call.check()
            job.join(0.05)
    return 0


def _nothing(_scope: Scope, _call: Call) -> int:
    return 0


def _false(_scope: Scope, _call: Call) -> int:
    return 1


def _echo(_scope: Scope, call: Call) -> int:
    args, newline, escapes = call.args, True, True
    while args and re.fullmatch(r"-[neE]+", args[0]):
        newline = newline and "n" not in args[0]
        escapes = "E" not in args[0]
        args = args[1:]
    text, cut = " ".join(args), False
    if escapes:
        text, cut = unescape(text, echo=True)
    call.out(text + ("\n" if newline and not cut else ""))
    return 0


def _pwd(scope: Scope, call: Call) -> int:
    call.say(scope.cwd)
    return 0


def _type(_scope: Scope, call: Call) -> int:
    status = 0
    for name in call.args:
        if name in BUILTINS or name in ("eval", "."):
            call.say(f"{name} is a shell builtin")
        elif name in call.machine.programs:
            call.say(f"{name} is /system/bin/{name}")
        else:
            call.err(f"{name} not found")
            status = 1
    return status


def _command(scope: Scope, call: Call) -> int:
    """`command -v`; without an option the shell runs the rest itself."""
    if not call.args or call.args[0] not in ("-v", "-V"):
        return 0
    status = 0
    for name in call.args[1:]:
        if name in BUILTINS:
            call.say(name)
        elif name in scope.machine.programs:
            call.say(f"/system/bin/{name}")
        else:
            status = 1
    return status


def _test(_scope: Scope, call: Call) -> int:
    args = call.args
    if call.name == "[":
        if not args or args[-1] != "]":
            raise Failure(f"{NAME}: [: missing ]", 2)
        args = args[:-1]
    condition = _Condition(call, args)
    return 0 if condition.value() else 1


class _Condition:
    """The arguments of `test`. Raises Failure with code 2 where they make no sense."""

    def __init__(self, call: Call, args: list[str]) -> None:
        self._call, self._args, self._at, self._depth = call, args, 0, 0

    def value(self) -> bool:
        if not self._args:
            return False
        found = self._either()
        if self._at < len(self._args):
            raise Failure(f"{NAME}: {self._call.name}: {self._args[self._at]}: unexpected operator/operand", 2)
        return found

    def _next(self, ahead: int = 0) -> str:
        at = self._at + ahead
        return self._args[at] if at < len(self._args) else ""

    def _either(self) -> bool:
        found = self._both()
        while self._next() == "-o":
            self._at += 1
            found = self._both() or found
        return found

    def _both(self) -> bool:
        found = self._primary()
        while self._next() == "-a":
            self._at += 1
            found = self._primary() and found
        return found

    def _primary(self) -> bool:
        self._depth += 1
        left = len(self._args) - self._at
        if left == 0 or self._depth > 100:
            raise Failure(f"{NAME}: {self._call.name}: argument expected", 2)
        first = self._next()
        if left >= 3 and self._next(1) in _BINARY:
            self._at += 3
            return self._binary(first, self._args[self._at - 2], self._args[self._at - 1])
        if first == "!" and left > 1:
            self._at += 1
            return not self._primary()
        if first == "(" and left > 1:
            self._at += 1
            found = self._either()
            if self._next() != ")":
                raise Failure(f"{NAME}: {self._call.name}: missing )", 2)
            self._at += 1
            return found
        if left >= 2 and re.fullmatch(r"-[bcdefghknprstuwxzLGOS]", first):
            self._at += 2
            return self._unary(first[1], self._args[self._at - 1])
        self._at += 1
        return first != ""

    def _unary(self, letter: str, operand: str) -> bool:
        if letter in "zn":
            return (operand == "") == (letter == "z")
        if letter == "t":
            return False
        try:
            entry = self._call.files.stat(self._call.path(operand)) if operand else None
        except FileError:
            entry = None
        if entry is None:
            return False
        return {"d": entry.is_folder, "f": not entry.is_folder, "s": entry.size > 0,
                "x": bool(entry.mode & 0o111)}.get(letter, letter in "erwGO")  # fmt: skip

    def _binary(self, left: str, operator: str, right: str) -> bool:
        if operator in ("=", "=="):
            return left == right
        if operator == "!=":
            return left != right
        if operator in ("<", ">"):
            return left < right if operator == "<" else left > right
        numbers = []
        for text in (left, right):
            if re.fullmatch(r"\s*[-+]?[0-9]{1,18}\s*", text) is None:
                raise Failure(f"{NAME}: {self._call.name}: {text}: bad number", 2)
            numbers.append(int(text))
        first, second = numbers
        return {"-eq": first == second, "-ne": first != second, "-lt": first < second, "-le": first <= second,
                "-gt": first > second, "-ge": first >= second}[operator]  # fmt: skip


_BINARY = ("=", "==", "!=", "<", ">", "-eq", "-ne", "-lt", "-le", "-gt", "-ge")

BUILTINS: dict[str, Builtin] = {
    ":": _nothing, "true": _nothing, "false": _false, "exit": _exit, "return": _exit, "break": _break,
    "continue": _break, "cd": _cd, "export": _export, "readonly": _export, "local": _export, "typeset": _export,
    "unset": _unset, "set": _set, "shift": _shift, "read": _read, "wait": _wait, "echo": _echo, "pwd": _pwd,
    "type": _type, "whence": _type, "command": _command, "test": _test, "[": _test, "umask": _nothing,
    "trap": _nothing, "ulimit": _nothing, "alias": _nothing, "exec": _nothing,
}  # fmt: skip
