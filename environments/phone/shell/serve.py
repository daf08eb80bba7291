"""The phone's shell as the wire asks for it, and the whole of it in one class."""

from collections.abc import Callable, Mapping

from environments.phone.device import Device
from environments.phone.files import Files
from environments.phone.services import Input, Output
from environments.phone.shell.builtins import ExitShell
from environments.phone.shell.call import Budget, Interrupted, Machine, Program, Rows, encode
from environments.phone.shell.commands import PROGRAMS
from environments.phone.shell.parser import Parser, ShellSyntaxError
from environments.phone.shell.process import SIGPIPE, Process
from environments.phone.shell.scope import Scope
from environments.phone.shell.streams import FromClient, Stream, ToClient

KILLED = 137
MAX_LINE = 1_100_000


class Shell:
    """The device shell of one phone. Safe to use from several threads; every run is a process of its own.

    `programs` adds commands, or takes the place of some. `providers` gives the rows of content URIs such as
    "com.android.contacts/contacts".
    """

    def __init__(
        self,
        device: Device,
        files: Files,
        *,
        programs: Mapping[str, Program] | None = None,
        providers: Mapping[str, Rows] | None = None,
    ) -> None:
        self.machine = Machine(device, files, {**PROGRAMS, **(programs or {})}, providers or {})
        self._host = device.properties().get("ro.product.device", "phone")

    def run(
        self,
        line: str,
        stdin: Input,
        stdout: Callable[[bytes], None],
        stderr: Callable[[bytes], None],
        gone: Callable[[], bool],
    ) -> int:
        """Carry out a line, or with an empty one the lines of the standard input; the exit code. Before each of
        those it prompts where `stdin` has a true attribute `on_terminal`."""
        budget = Budget(gone)
        scope = Scope(self.machine, budget, {0: FromClient(stdin), 1: ToClient(stdout), 2: ToClient(stderr)}, jobs=[])
        process = Process(scope)
        try:
            code = self._whole(process, line, prompts=getattr(stdin, "on_terminal", False))
            process.wait()  # as adbd does, which waits for what holds its pipes
        except Interrupted:
            return KILLED
        except BrokenPipeError:
            return SIGPIPE
        finally:
            budget.stop()
            for job in scope.jobs:
                job.join(1.0)
        return code

    def _whole(self, process: Process, line: str, *, prompts: bool) -> int:
        line = line.partition("\0")[0]
        if len(line) > MAX_LINE:
            process.scope.streams[2].write(encode("/system/bin/sh: Argument list too long\n"))
            return 126
        try:
            return process.source(line) if line.strip() else self._interactive(process, prompts=prompts)
        except ExitShell as exc:
            return exc.code

    def _interactive(self, process: Process, *, prompts: bool) -> int:
        """The lines of the standard input, each as soon as it is complete."""
        waiting = ""
        lines = _Lines(process.scope.streams[0])

        def prompt() -> None:
            if prompts:
                sign = "> " if waiting else f"{self._host}:{process.scope.cwd} $ "
                process.scope.streams[2].write(encode(sign))

        process.scope.streams = {**process.scope.streams, 0: lines}
        prompt()
        while (line := lines.line()) is not None:
            process.scope.budget.renew()
            waiting += line
            if _complete(waiting) or len(waiting) > MAX_LINE:
                process.source(waiting)
                waiting = ""
            prompt()
        return process.source(waiting) if waiting else process.scope.status


class _Lines(Stream):
    """Standard input shared by the shell, which takes lines, and its commands, which take what is left."""

    def __init__(self, source: Stream) -> None:
        self._source = source
        self._rest = b""

    def line(self) -> str | None:
        """The next line with its end, or None."""
        while b"\n" not in self._rest:
            data = self._source.read()
            if not data:
                break
            self._rest += data
        head, end, self._rest = self._rest.partition(b"\n")
        return (head + end).decode("utf-8", "surrogateescape") if head or end else None

    def read(self) -> bytes:
        data, self._rest = self._rest, b""
        return data or self._source.read()


def _complete(text: str) -> bool:
    parser = Parser(text)
    try:
        while parser.next() is not None:
            pass
    except ShellSyntaxError as exc:
        return not exc.incomplete
    return True


class PhoneServices:
    """What the wire runs: the shell on one device and its files. The arguments are those of Shell."""

    def __init__(
        self,
        device: Device,
        files: Files | None = None,
        *,
        programs: Mapping[str, Program] | None = None,
        providers: Mapping[str, Rows] | None = None,
    ) -> None:
        self.files = Files() if files is None else files
        self.shell = Shell(device, self.files, programs=programs, providers=providers)
        known = device.properties()
        names = ("ro.product.name", "ro.product.model", "ro.product.device")
        self.banner = {name: known.get(name, "phone") for name in names}

    def run(self, line: str, stdin: Input, output: Output, gone: Callable[[], bool]) -> int:
        return self.shell.run(line, stdin, output.stdout, output.stderr, gone)
