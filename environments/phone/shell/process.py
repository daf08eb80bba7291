"""A shell process: carries out the tree of a line in a scope."""

import fnmatch
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager

from environments.phone.files import FileError
from environments.phone.shell.builtins import BUILTINS, BreakLoop, ContinueLoop, ExitShell
from environments.phone.shell.call import Call, Failure, Interrupted, Program, decode, encode
from environments.phone.shell.expand import Expander
from environments.phone.shell.parser import Parser, ShellSyntaxError
from environments.phone.shell.redirect import redirected
from environments.phone.shell.scope import MAX_NESTING, NAME, Scope
from environments.phone.shell.streams import Buffer, Pipe, PipeEnd, Stream
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
)

SIGPIPE = 141
PREFIXES = ("nohup", "setsid", "command", "builtin", "nice", "time")
BINARIES = ("/system/bin", "/system/xbin", "/vendor/bin", "/bin")


class Process:
    """Runs text and trees. What leaves it are ExitShell, Interrupted and BrokenPipeError only."""

    def __init__(self, scope: Scope) -> None:
        self.scope = scope
        self._expander = Expander(scope, self._substitute)
        self._substituted = False

    def source(self, text: str) -> int:
        """Run every line of a text."""
        parser = Parser(text, check=self.scope.budget.read)
        try:
            while (line := parser.next()) is not None:
                self.sequence(line)
        except ShellSyntaxError as exc:
            self._complain(str(exc))
            self.scope.status = 1
        return self.scope.status

    def sequence(self, body: Sequence) -> int:
        for item in body:
            if item.background:
                self._background(item)
            else:
                self._and_or(item)
        return self.scope.status

    def wait(self) -> None:
        """Wait for what runs in the background. Raises Interrupted."""
        for job in self.scope.jobs:
            while job.is_alive():
                self.scope.budget.check()
                job.join(0.05)

    # -- lists and pipes -------------------------------------------------------------------------------------------

    def _and_or(self, item: AndOr) -> None:
        for joined, pipeline in item.pipelines:
            if joined and (joined == "&&") == bool(self.scope.status):
                continue
            self.scope.status = self._pipeline(pipeline)
        if self.scope.exit_on_error and self.scope.status and len(item.pipelines) == 1:
            raise ExitShell(self.scope.status)

    def _background(self, item: AndOr) -> None:
        inner = AndOr(item.pipelines, background=False)
        child = Process(self.scope.child({**self.scope.streams, 0: Stream()}))
        self.scope.status = 0
        self.scope.jobs.append(self._thread(lambda: child.sequence((inner,)), lambda: None))

    def _thread(self, work: Callable[[], object], finally_: Callable[[], None]) -> threading.Thread:
        """Start a process of its own. Raises Interrupted where there are too many."""
        try:
            self.scope.budget.fork()
        except Failure as exc:
            self._complain(str(exc).removeprefix(f"{NAME}: "))
            self.scope.budget.end()

        def run() -> None:
            try:
                _ended(work)
            except Interrupted:
                pass  # so is the line, which says so
            finally:
                finally_()
                self.scope.budget.exited()

        thread = threading.Thread(target=run, name="phone shell", daemon=True)
        thread.start()
        return thread

    def _pipeline(self, pipeline: Pipeline) -> int:
        if len(pipeline.commands) == 1:
            status = self.command(pipeline.commands[0])
        else:
            status = self._connected(pipeline.commands)
        return int(not status) if pipeline.negated else status

    def _connected(self, commands: tuple[Command, ...]) -> int:
        before: Pipe | None = None
        threads: list[threading.Thread] = []
        try:
            for command in commands[:-1]:
                after = Pipe(self.scope.budget.check)
                streams = {**self.scope.streams, **({0: PipeEnd(before)} if before else {}), 1: PipeEnd(after)}
                child = Process(self.scope.child(streams))
                threads.append(self._thread(_bound(child, command), _closing(before, after)))
                before = after
            last = Process(self.scope.child({**self.scope.streams, **({0: PipeEnd(before)} if before else {})}))
            return _ended(lambda: last.command(commands[-1]))
        finally:
            _closing(before, None)()
            for thread in threads:
                thread.join()

    def _substitute(self, body: Sequence) -> str:
        if self.scope.depth >= MAX_NESTING * 4:
            raise Failure(f"{NAME}: can't fork - try again")
        self._substituted = True
        buffer = Buffer()
        child = Process(self.scope.child({**self.scope.streams, 1: buffer}))
        child.scope.status = 0
        self.scope.status = _ended(lambda: child.sequence(body))
        return decode(bytes(buffer.data).replace(b"\0", b"")).rstrip("\n")

    # -- commands --------------------------------------------------------------------------------------------------

    def command(self, command: Command) -> int:
        """Run one command with its redirections; the exit code."""
        self.scope.budget.step()
        try:
            with self._redirected(command.redirects):
                return self._compound(command)
        except Failure as exc:
            self._complain(str(exc).removeprefix(f"{NAME}: "))
            return exc.code

    def _compound(self, command: Command) -> int:
        kind = command.kind
        if isinstance(kind, Simple):
            return self._simple(kind)
        if isinstance(kind, Group):
            return self._group(kind)
        if isinstance(kind, If):
            return self._if(kind)
        if isinstance(kind, Loop):
            return self._loop(kind)
        return self._for(kind) if isinstance(kind, For) else self._case(kind)

    def _group(self, group: Group) -> int:
        if not group.subshell:
            return self.sequence(group.body)
        child = Process(self.scope.child())
        try:
            return child.sequence(group.body)
        except ExitShell as exc:
            return exc.code

    def _if(self, node: If) -> int:
        for condition, body in node.branches:
            if self._tested(condition) == 0:
                return self.sequence(body)
        self.scope.status = 0
        return self.sequence(node.otherwise)

    def _tested(self, condition: Sequence) -> int:
        before, self.scope.exit_on_error = self.scope.exit_on_error, False
        try:
            return self.sequence(condition)
        finally:
            self.scope.exit_on_error = before

    def _loop(self, node: Loop) -> int:
        return self._repeat(iter(lambda: (self._tested(node.condition) == 0) != node.until, False), node.body)

    def _for(self, node: For) -> int:
        values = list(self.scope.arguments) if node.words is None else self._expander.arguments(node.words)
        return self._repeat((self.scope.variables.update({node.name: value}) for value in values), node.body)

    def _repeat(self, turns: Iterator[object], body: Sequence) -> int:
        self.scope.loops += 1
        status = 0
        try:
            for _ in turns:
                self.scope.budget.step()
                try:
                    status = self.sequence(body)
                except ContinueLoop as exc:
                    status = 0
                    if exc.levels > 1 and self.scope.loops > 1:
                        raise ContinueLoop(exc.levels - 1) from None
        except BreakLoop as exc:
            status = 0
            if exc.levels > 1 and self.scope.loops > 1:
                raise BreakLoop(exc.levels - 1) from None
        finally:
            self.scope.loops -= 1
        self.scope.status = status
        return status

    def _case(self, node: Case) -> int:
        subject = self._expander.text(node.word)
        for patterns, body in node.arms:
            if any(fnmatch.fnmatchcase(subject, self._expander.pattern(pattern)) for pattern in patterns):
                self.scope.status = 0
                return self.sequence(body)
        return 0

    def _simple(self, node: Simple) -> int:
        self._substituted = False
        words = self._expander.arguments(node.words)
        if not words:
            for name, word in node.assignments:
                self.scope.variables[name] = self._expander.text(word)
            self.scope.status = self.scope.status if self._substituted else 0
            return self.scope.status
        kept = {name: self.scope.variables.get(name) for name, _word in node.assignments}
        exported = set(self.scope.exported)
        for name, word in node.assignments:
            self.scope.variables[name] = self._expander.text(word)
            self.scope.exported.add(name)
        try:
            return self.run(words, self.scope.streams)
        finally:
            self.scope.exported = exported if kept else self.scope.exported
            for name, value in kept.items():
                if value is None:
                    self.scope.variables.pop(name, None)
                else:
                    self.scope.variables[name] = value

    def run(self, words: list[str], streams: Mapping[int, Stream]) -> int:
        """Run a command by its words; the exit code. Raises what the class says."""
        if words[0] == "exec" and len(words) > 1:
            raise ExitShell(self.run(words[1:], streams))
        while len(words) > 1 and words[0] in PREFIXES and not words[1].startswith("-"):
            words = words[1:]
        folder, _slash, name = words[0].rpartition("/")
        if folder in BINARIES and (name in BUILTINS or name in self.scope.machine.programs):
            words = [name, *words[1:]]
        self.scope.budget.step()
        call = Call(words[0], words[1:], self.scope.machine, streams, self.scope.budget, self.scope.cwd,
                    self.scope.environment(), self._from_call, self._script)  # fmt: skip
        try:
            if words[0] in ("eval", "."):
                return self._eval(call)
            builtin = BUILTINS.get(words[0])
            if builtin is not None:
                return builtin(self.scope, call)
            program = self._find(call)
            return program(call)
        except Failure as exc:
            if str(exc):
                call.err(str(exc))
            return exc.code
        except FileError as exc:
            call.err(f"{call.name}: {exc.strerror}")
            return 1

    def _find(self, call: Call) -> Program:
        """Raises Failure where there is no such command."""
        program = self.scope.machine.programs.get(call.name)
        if program is not None:
            return program
        found = self.scope.machine.files.stat(call.path(call.name)) if "/" in call.name else None
        if found is None:
            raise Failure(f"{NAME}: {call.name}: inaccessible or not found", 127)
        if found.is_folder or not found.mode & 0o111:
            raise Failure(
                f"{NAME}: {call.name}: can't execute: {'Is a directory' if found.is_folder else 'Permission denied'}",
                126,
            )
        text = decode(self.scope.machine.files.read(call.path(call.name)))
        return lambda call: self._script(text, [call.name, *call.args])

    def _from_call(self, words: list[str], streams: Mapping[int, Stream]) -> int:
        return Process(self.scope.child(streams)).run(words, streams) if words else 0

    def _script(self, text: str, args: list[str]) -> int:
        """A shell within the shell, as for `sh -c`: `args` are $0 and those after it."""
        child = self._nested(self.scope.child())
        child.scope.name, child.scope.arguments = args[0] if args else NAME, tuple(args[1:])
        return _ended(lambda: child.source(text))

    def _eval(self, call: Call) -> int:
        if call.name == "eval":
            text = " ".join(call.args)
        else:
            call.need(call.args)
            text = decode(call.read(call.args[0]))
        self._nested(self.scope)
        self.scope.depth += 1
        try:
            return self.source(text)
        finally:
            self.scope.depth -= 1

    def _nested(self, scope: Scope) -> "Process":
        if scope.depth >= MAX_NESTING:
            raise Failure(f"{NAME}: can't fork - try again")
        return Process(scope)

    # -- redirections ----------------------------------------------------------------------------------------------

    @contextmanager
    def _redirected(self, redirects: tuple[Redirect, ...]) -> Iterator[None]:
        """The scope's streams, redirected for as long as it lasts. Raises Failure."""
        if not redirects:
            yield
            return
        before, opened = self.scope.streams, list[Stream]()
        streams = dict(before)
        try:
            for redirect in redirects:
                target = self._expander.text(redirect.target)
                redirected(self.scope, redirect, target, streams, opened)
            self.scope.streams = streams
            yield
        finally:
            self.scope.streams = before
            for stream in opened:
                stream.close()

    def _complain(self, message: str) -> None:
        self.scope.streams[2].write(encode(f"{NAME}: {message}\n"))


def _ended(work: Callable[[], object]) -> int:
    """Run what is a process of its own to its end; the exit code."""
    try:
        found = work()
    except ExitShell as exc:
        return exc.code
    except (BreakLoop, ContinueLoop):
        return 0
    except BrokenPipeError:
        return SIGPIPE
    except FileError:  # what it wrote did not fit
        return 1
    return found if isinstance(found, int) else 0


def _bound(process: Process, command: Command) -> Callable[[], int]:
    return lambda: process.command(command)


def _closing(reading: Pipe | None, writing: Pipe | None) -> Callable[[], None]:
    def close() -> None:
        if reading is not None:
            reading.close_reading()
        if writing is not None:
            writing.close_writing()

    return close
