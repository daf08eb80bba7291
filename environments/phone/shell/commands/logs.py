"""`logcat` and `log`: a small ring of lines that the phone's own commands and `log` write."""

import re
import time

from environments.phone.shell.call import Call, Failure, LogLine

PRIORITIES = "VDIWEFS"
POLL_SECONDS = 0.05
_VALUED = ("-b", "-v", "-t", "-T", "-e", "-m", "-G", "-f", "-r", "-n", "-s", "--pid", "--buffer", "--format", "--regex")


def log(call: Call) -> int:
    options, words = call.options("", "pt")
    priority = options.get("p", "i").upper()
    if priority not in PRIORITIES:
        raise Failure(f"log: bad -p '{options['p']}'")
    call.machine.note(priority, options.get("t", "log"), " ".join(words), 4001)
    return 0


def logcat(call: Call) -> int:
    """-d, -c, -t N, -s and filters TAG:PRIORITY, -v brief; without -d it goes on until the client leaves."""
    options, filters = _arguments(call)
    machine = call.machine
    if "-c" in options:
        machine.log.clear()
        return 0
    tail = options.get("-t") or options.get("-T")
    lines = [line for line in machine.log if _wanted(line, filters)]
    seen = machine.logged
    if tail and tail.isdecimal():
        lines = lines[-int(tail[:9]) :] if int(tail[:9]) else []
    call.say("--------- beginning of main")
    for line in lines:
        call.say(_format(line, options.get("-v", "threadtime")))
    if "-d" in options or "-t" in options:
        return 0
    while True:
        fresh = machine.logged - seen
        seen += fresh
        for line in list(machine.log)[len(machine.log) - fresh :] if fresh else []:
            if _wanted(line, filters):
                call.say(_format(line, options.get("-v", "threadtime")))
        call.check()
        time.sleep(POLL_SECONDS)


def _arguments(call: Call) -> tuple[dict[str, str], dict[str, str]]:
    options: dict[str, str] = {}
    filters: dict[str, str] = {}
    words = iter(call.args)
    for word in words:
        if word == "-s":
            filters["*"] = "S"
        elif word in _VALUED:
            options[word] = next(words, "")
        elif word.startswith("-"):
            options[word[:2]] = word[2:]
        else:
            tag, _colon, level = word.partition(":")
            filters[tag] = level[:1].upper() or "V"
    return options, filters


def _wanted(line: LogLine, filters: dict[str, str]) -> bool:
    level = filters.get(line.tag, filters.get("*", "V"))
    level = level if level in PRIORITIES else "V"
    return level != "S" and PRIORITIES.index(line.priority) >= PRIORITIES.index(level)


def _format(line: LogLine, style: str) -> str:
    message = re.sub(r"[\r\n]+", " ", line.message)
    if style == "brief":
        return f"{line.priority}/{line.tag}({line.pid:>5}): {message}"
    if style in ("raw", "tag"):
        return message if style == "raw" else f"{line.priority}/{line.tag}: {message}"
    moment = time.strftime("%m-%d %H:%M:%S", time.gmtime(min(max(line.wall, 0), 2**40)))
    return (
        f"{moment}.{int(line.wall % 1 * 1000):03d} {line.pid:>5} {line.pid:>5} {line.priority} {line.tag:<8}: {message}"
    )


PROGRAMS = {"log": log, "logcat": logcat}
