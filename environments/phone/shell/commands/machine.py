"""Commands on the system itself: properties, time, processes, memory, the log."""

import re
import time
from collections.abc import Callable

from environments.phone.shell.call import Call, Failure
from environments.phone.shell.commands.identity import process_id, running, user_id

IDENTITY = (
    "uid=2000(shell) gid=2000(shell) groups=2000(shell),1004(input),1007(log),1011(adb),1015(sdcard_rw),3003(inet) "
    "context=u:r:shell:s0"
)
SIGNALS = "HUP INT QUIT ILL TRAP ABRT BUS FPE KILL USR1 SEGV USR2 PIPE ALRM TERM"
SYSTEM_PROCESSES = (("root", 1, "init"), ("root", 2, "[kthreadd]"), ("logd", 180, "logd"),
                    ("system", 250, "surfaceflinger"), ("root", 300, "zygote64"), ("shell", 400, "adbd"),
                    ("system", 600, "system_server"))  # fmt: skip


def _properties(call: Call) -> dict[str, str]:
    return {**call.device.properties(), **call.machine.properties}


def getprop(call: Call) -> int:
    known = _properties(call)
    names = [arg for arg in call.args if not arg.startswith("-")]
    if names:
        call.say(known.get(names[0]) or (names[1] if len(names) > 1 else ""))
        return 0
    for name in sorted(known):
        call.say(f"[{name}]: [{known[name]}]")
    return 0


def setprop(call: Call) -> int:
    call.need(call.args, 2)
    name, value = call.args[0], call.args[1]
    if (
        name.startswith("ro.")
        or len(call.machine.properties) > 500
        or not re.fullmatch(r"[A-Za-z0-9_.@:-]{1,200}", name)
    ):
        raise Failure(f"Failed to set property '{name}' to '{value}'.\nSee dmesg for error reason.")
    if len(value) > 91:
        raise Failure(f"setprop: value '{value[:100]}' too long; try '{value[:91]}'")
    call.machine.properties[name] = value
    return 0


def date(call: Call) -> int:
    """In UTC, which is the phone's time zone. Only `+FORMAT` and `-u` are known; the clock is not set."""
    formats = [arg[1:] for arg in call.args if arg.startswith("+")]
    others = [arg for arg in call.args if not arg.startswith("+") and arg != "-u"]
    if others:
        raise Failure("date: cannot set date: Operation not permitted")
    wall = call.device.clock.wall()
    text = formats[0][:1000] if formats else "%a %b %e %H:%M:%S UTC %Y"
    moment = time.gmtime(min(max(wall, 0), 2**40))
    fixed = {
        "N": f"{int(wall % 1 * 1e9):09d}",
        "s": str(int(wall)),
        "Z": "UTC",
        "z": "+0000",
        "%": "%",
        "n": "\n",
        "t": "\t",
    }
    known = "aAbBcdDeFgGhHIjklmMpPrRSTuUVwWxXyY"
    call.say(re.sub("%(.)", lambda found: fixed.get(found[1]) or (
        time.strftime("%" + found[1], moment) if found[1] in known else found[0]), text, flags=re.DOTALL))  # fmt: skip
    return 0


def sleep(call: Call) -> int:
    call.need(call.args)
    units = {"": 1, "s": 1, "m": 60, "h": 3600, "d": 86400}
    total = 0.0
    for arg in call.args:
        found = re.fullmatch(r"([0-9]{0,12}(?:\.[0-9]{0,12})?)([smhd]?)", arg)
        if arg in ("infinity", "inf"):
            total += 1e12
        elif found is None or found[1] in ("", "."):
            raise Failure(f"sleep: bad number '{arg}'")
        else:
            total += float(found[1]) * units[found[2]]
    call.sleep(total)
    return 0


def whoami(call: Call) -> int:
    call.say("shell")
    return 0


def identity(call: Call) -> int:
    options, _names = call.options("unGgrZ")
    if "u" in options or "g" in options:
        call.say("shell" if "n" in options else "2000")
    else:
        call.say("shell" if "n" in options else IDENTITY)
    return 0


def uname(call: Call) -> int:
    options, _names = call.options("asnrvmo")
    parts = {
        "s": "Linux",
        "n": "localhost",
        "r": "6.1.23-android14-4",
        "v": "#1 SMP PREEMPT",
        "m": "aarch64",
        "o": "Toybox",
    }
    wanted = "snrvmo" if "a" in options else "".join(options) or "s"
    call.say(" ".join(parts[letter] for letter in "snrvmo" if letter in wanted))
    return 0


def _processes(call: Call) -> list[tuple[str, int, int, str]]:
    """User, process, parent and name of everything that runs."""
    apps = [(f"u0_a{user_id(call.device, name) - 10000}", process_id(name), 300, name) for name in running(call.device)]
    system = [(user, number, 0 if number < 3 else 1, name) for user, number, name in SYSTEM_PROCESSES]
    return system + apps + [("shell", 4000, 400, "sh"), ("shell", 4001, 4000, call.name)]


def ps(call: Call) -> int:
    options, _names = call.options("AefTZlw", "popuUgGtk")
    chosen = [row for row in _processes(call) if "A" in options or "e" in options or row[0] == "shell"]
    if "p" in options:
        chosen = [row for row in _processes(call) if str(row[1]) in re.split(r"[,\n]", options["p"])]
    if "o" in options:
        fields = [name.strip().partition("=")[0].upper() for name in re.split(r"[,\n]", options["o"])]
        call.say(" ".join(fields))
        for row in chosen:
            known = {
                "USER": row[0],
                "PID": str(row[1]),
                "PPID": str(row[2]),
                "NAME": row[3],
                "ARGS": row[3],
                "CMD": row[3],
            }
            call.say(" ".join(known.get(name, "-") for name in fields))
        return 0
    call.say(f"{'USER':<12} {'PID':>6} {'PPID':>6} {'VSZ':>10} {'RSS':>6} WCHAN            {'ADDR':>8} S NAME")
    for user, number, parent, name in chosen:
        call.say(f"{user:<12} {number:>6} {parent:>6} {10800000:>10} {60000:>6} {'0':<16} {'0':>8} S {name}")
    return 0


def pidof(call: Call) -> int:
    found = [str(number) for _user, number, _parent, name in _processes(call) if name in call.args]
    if not found:
        return 1
    call.say(" ".join(found))
    return 0


def kill(call: Call) -> int:
    """Apps are stopped as by force-stop; what is not the shell user's own is not permitted."""
    words = [arg for arg in call.args if not re.fullmatch(r"-(s|[A-Z0-9]+|SIG[A-Z0-9]+)", arg)]
    if call.args == ["-l"]:
        call.say(SIGNALS)
        return 0
    call.need(words)
    status = 0
    for word in words:
        if not re.fullmatch(r"-?[0-9]{1,9}", word):
            raise Failure(f"kill: unknown process '{word}'")
        alive = any(number == int(word) for _user, number, _parent, _name in _processes(call))
        call.err(f"kill: {word}: {'Operation not permitted' if alive else 'No such process'}")
        status = 1
    return status


def kill_by_name(call: Call) -> int:
    """pkill, killall: nothing that the shell user may end runs on the phone, so it ends nothing."""
    words = [arg for arg in call.args if not arg.startswith("-")]
    call.need(words)
    if call.name == "killall":
        alive = any(row[3] == words[-1] for row in _processes(call))
        call.err(f"killall: {words[-1]}: {'Operation not permitted' if alive else 'No such process'}")
    return 1


def top(call: Call) -> int:
    rows = _processes(call)
    call.say(f"Tasks: {len(rows)} total,   1 running, {len(rows) - 1} sleeping,   0 stopped,   0 zombie\n"
             "  Mem:  4027340K total,  1930188K used,  2097152K free,    10240K buffers\n"
             "400%cpu   3%user   0%nice   2%sys 395%idle   0%iow   0%irq   0%sirq   0%host\n"
             "  PID USER         PR  NI VIRT  RES  SHR S[%CPU] %MEM     TIME+ ARGS")  # fmt: skip
    for user, number, _parent, name in rows:
        call.say(f"{number:>5} {user:<12} 20   0  10G  60M  40M S  0.0   1.5   0:01.00 {name}")
    return 0


def uptime(call: Call) -> int:
    minutes = int(call.device.clock.now()) // 60
    now = time.strftime("%H:%M:%S", time.gmtime(min(max(call.device.clock.wall(), 0), 2**40)))
    call.say(f" {now} up {minutes} min,  0 users,  load average: 0.50, 0.40, 0.30")
    return 0


def env(call: Call) -> int:
    names = dict(call.environment)
    words = list(call.args)
    while words and (words[0] == "-i" or re.match(r"[A-Za-z_]\w*=", words[0])):
        name, _equals, value = words.pop(0).partition("=")
        if name != "-i":
            names[name] = value
    if words:
        return call.run(words, call.streams)
    for name, value in names.items():
        call.say(f"{name}={value}")
    return 0


def shell(call: Call) -> int:
    """`sh`, `sh -c TEXT`, `sh FILE`: another of this shell, never the host's."""
    words = list(call.args)
    while words and re.fullmatch(r"-[eux]+", words[0]):
        words.pop(0)
    if words[:1] == ["-c"]:
        if len(words) < 2:
            raise Failure("/system/bin/sh: -c: requires an argument")
        return call.script(words[1], words[2:])
    if words:
        return call.script(call.read(words[0]).decode("utf-8", "surrogateescape"), words)
    return call.script(call.read("-").decode("utf-8", "surrogateescape"), [])


def refused(call: Call) -> int:
    raise Failure(f"{call.name}: this phone runs no programs of others")


def denied(call: Call) -> int:
    raise Failure(f"{call.name}: Permission denied", 1)


def quiet(_call: Call) -> int:
    return 0


def which(call: Call) -> int:
    status = 0
    for name in call.args:
        if name in call.machine.programs:
            call.say(f"/system/bin/{name}")
        else:
            status = 1
    return status


def svc(call: Call) -> int:
    """wifi, data, bluetooth and power."""
    words = call.args
    device = call.device
    names = {"wifi": "wifi_on", "data": "mobile_data", "bluetooth": "bluetooth_on"}
    if len(words) >= 2 and words[0] in names and words[1] in ("enable", "disable"):
        device.put_setting("global", names[words[0]], "1" if words[1] == "enable" else "0")
        return 0
    if words[:2] == ["power", "stayon"] and len(words) > 2:
        value = {"true": "7", "false": "0", "usb": "2", "ac": "1", "wireless": "4"}.get(words[2], "0")
        device.put_setting("global", "stay_on_while_plugged_in", value)
        return 0
    if words[:1] == ["power"] and words[1:2] and words[1] in ("reboot", "shutdown"):
        raise Failure("svc: this phone is not restarted from its shell")
    call.err("Available commands:\n    help     Show information about the subcommands\n    power    Control the power "
             "manager\n    data     Control mobile data connectivity\n    wifi     Control the Wi-Fi manager\n"
             "    bluetooth Control Bluetooth service")  # fmt: skip
    return 0


PROGRAMS: dict[str, Callable[[Call], int]] = {
    "getprop": getprop, "setprop": setprop, "date": date, "sleep": sleep, "usleep": quiet, "whoami": whoami,
    "id": identity, "uname": uname, "ps": ps, "pidof": pidof, "kill": kill, "pkill": kill_by_name,
    "killall": kill_by_name, "top": top, "uptime": uptime, "env": env, "printenv": env, "sh": shell, "mksh": shell,
    "app_process": refused, "app_process64": refused, "dalvikvm": refused, "sqlite3": refused, "su": denied,
    "reboot": denied, "sync": quiet, "which": which, "svc": svc, "stop": denied, "start": denied, "clear": quiet,
}  # fmt: skip
