"""The commands of the phone by name, each family in a file of its own."""

from collections.abc import Callable

from environments.phone.shell.call import Call, Failure
from environments.phone.shell.commands import (
    activities,
    digests,
    dumpsys,
    input,
    logs,
    machine,
    network,
    packages,
    preferences,
    printing,
    screen,
    search,
    storage,
    text,
)


def _toybox(call: Call) -> int:
    """`toybox NAME ...` is NAME; alone it lists the names."""
    if not call.args:
        call.say(" ".join(sorted({**storage.PROGRAMS, **text.PROGRAMS, **search.PROGRAMS, **digests.PROGRAMS})))
        return 0
    if call.args[0] not in {*call.machine.programs, "echo", "pwd", "test", "true", "false", "["}:
        raise Failure(f"toybox: Unknown command {call.args[0]}", 127)
    return call.run(call.args, call.streams)


PROGRAMS: dict[str, Callable[[Call], int]] = {"toybox": _toybox}
for _family in (activities, digests, dumpsys, input, logs, network, packages, preferences, printing, screen, search,
                storage, machine, text):  # fmt: skip
    PROGRAMS.update(_family.PROGRAMS)
