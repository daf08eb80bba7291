"""`pm`, `cmd` and what `dumpsys package` says: the installed apps."""

from collections.abc import Callable

from environments.phone.device import Package
from environments.phone.shell.call import Call, Failure
from environments.phone.shell.commands.activities import activity_manager
from environments.phone.shell.commands.identity import apk_path, user_id, window_hash
from environments.phone.shell.commands.input import send_input
from environments.phone.shell.commands.intents import full_class, short_component
from environments.phone.shell.commands.java import FAILED, Arguments, unknown_command
from environments.phone.shell.commands.preferences import settings
from environments.phone.shell.commands.screen import window_manager

FEATURES = ("android.hardware.bluetooth", "android.hardware.camera", "android.hardware.faketouch",
            "android.hardware.location", "android.hardware.screen.landscape", "android.hardware.screen.portrait",
            "android.hardware.telephony", "android.hardware.touchscreen", "android.hardware.touchscreen.multitouch",
            "android.hardware.wifi", "android.software.input_methods")  # fmt: skip
INSTALLED = "2024-01-01 00:00:00"


def package_manager(call: Call) -> int:
    args = Arguments(call.args[0] if call.args else "", call.args)
    verb = args.optional() or ""
    verbs: dict[str, Callable[[Call, Arguments], int]] = {
        "list": _list, "path": _path, "clear": _clear, "grant": _permission, "revoke": _permission,
        "install": _install, "install-create": _install, "install-write": _install, "install-commit": _install,
        "uninstall": _uninstall, "dump": _dump, "resolve-activity": _resolve, "query-activities": _resolve,
        "enable": _enable, "disable-user": _enable, "disable": _enable, "get-max-users": _users,
    }  # fmt: skip
    found = verbs.get(verb)
    return unknown_command(call, verb) if found is None else found(call, args)


def _find(call: Call, name: str) -> Package | None:
    return next((known for known in call.device.packages() if known.name == name), None)


def _names(args: Arguments, valued: tuple[str, ...] = ("--user", "-i", "--installer")) -> tuple[set[str], list[str]]:
    options, names = set[str](), list[str]()
    while (word := args.optional()) is not None:
        if word in valued:
            args.required()
        elif word.startswith("-") and word != "-":
            options.add(word)
        else:
            names.append(word)
    return options, names


def _list(call: Call, args: Arguments) -> int:
    kind = args.optional() or ""
    if kind == "features":
        for feature in FEATURES:
            call.say(f"feature:{feature}")
        return 0
    if kind == "users":
        call.say("Users:\n\tUserInfo{0:Owner:c13} running")
        return 0
    if kind in ("permissions", "libraries", "instrumentation"):
        return 0
    if kind not in ("packages", "package"):
        call.err(f"Error: unknown list type '{kind}'" if kind else "Error: didn't specify type of data to list")
        return FAILED
    options, names = _names(args)
    for option in options:
        if option not in ("-3", "-s", "-f", "-e", "-d", "-a", "-u", "-U", "-i", "-l", "--show-versioncode"):
            raise Failure(f"Error: Unknown option: {option}", FAILED)
    if "-d" in options:
        return 0
    for package in call.device.packages():
        if ("-3" in options and package.system) or ("-s" in options and not package.system):
            continue
        if names and names[0] not in package.name:
            continue
        line = f"package:{apk_path(package)}={package.name}" if "-f" in options else f"package:{package.name}"
        line += f" versionCode:{package.version_code}" if "--show-versioncode" in options else ""
        call.say(line + (f" uid:{user_id(call.device, package.name)}" if "-U" in options else ""))
    return 0


def _path(call: Call, args: Arguments) -> int:
    _options, names = _names(args)
    package = _find(call, names[0]) if names else None
    if package is None:
        return 1
    call.say(f"package:{apk_path(package)}")
    return 0


def _clear(call: Call, args: Arguments) -> int:
    _options, names = _names(args)
    if not names:
        raise Failure("Error: no package specified", FAILED)
    if _find(call, names[0]) is None:
        call.say("Failed")
        return 1
    call.device.force_stop(names[0])
    call.say("Success")
    return 0


def _permission(call: Call, args: Arguments) -> int:
    _options, names = _names(args)
    if len(names) < 2:
        raise Failure("Error: no package specified" if not names else "Error: no permission specified", FAILED)
    if _find(call, names[0]) is None:
        raise args.illegal(f"Unknown package: {names[0]}")
    return 0


def _install(call: Call, _args: Arguments) -> int:
    call.say("Failure [INSTALL_FAILED_USER_RESTRICTED: this phone installs no apps]")
    return 1


def _uninstall(call: Call, args: Arguments) -> int:
    _options, names = _names(args)
    known = bool(names) and _find(call, names[0]) is not None
    call.say(f"Failure [{'DELETE_FAILED_USER_RESTRICTED' if known else 'DELETE_FAILED_INTERNAL_ERROR'}]")
    return 1


def _enable(call: Call, args: Arguments) -> int:
    _options, names = _names(args)
    if not names or _find(call, names[0]) is None:
        raise args.illegal(f"Unknown package: {names[0] if names else ''}")
    raise Failure("Error: java.lang.SecurityException: Shell cannot change component state on this phone", FAILED)


def _users(call: Call, _args: Arguments) -> int:
    call.say("Maximum supported users: 1")
    return 0


def _dump(call: Call, args: Arguments) -> int:
    call.out(package_report(call, args.required()))
    return 0


def _resolve(call: Call, args: Arguments) -> int:
    options, names = _names(args, ("--user", "-a", "-c", "-d", "-t", "-p", "--query-flags"))
    name, _slash, cls = names[-1].partition("/") if names else ("", "", "")
    package = _find(call, name)
    if package is None or not package.activity:
        call.say("No activity found")
        return 0
    component = short_component(name, full_class(name, cls or package.activity))
    call.say("priority=0 preferredOrder=0 match=0x108000 specificIndex=-1 isDefault=false")
    if "--brief" in options:
        call.say(component)
    else:
        call.say(
            f"ActivityInfo:\n  name={full_class(name, package.activity)}\n  packageName={name}\n"
            "  enabled=true exported=true"
        )
    return 0


def package_report(call: Call, name: str) -> str:
    """What `dumpsys package P` prints."""
    package = _find(call, name)
    if package is None:
        return f"Unable to find package: {name}\n"
    flags = (
        "SYSTEM HAS_CODE ALLOW_CLEAR_USER_DATA ALLOW_BACKUP"
        if package.system
        else "HAS_CODE ALLOW_CLEAR_USER_DATA ALLOW_BACKUP"
    )
    activity = ""
    if package.activity:
        component = short_component(name, full_class(name, package.activity))
        activity = (
            "Activity Resolver Table:\n  Non-Data Actions:\n      android.intent.action.MAIN:\n"
            f"        {window_hash(component)} {component} filter {window_hash(component + 'f')}\n"
            '          Action: "android.intent.action.MAIN"\n          Category: "android.intent.category.LAUNCHER"\n\n'
        )
    return (
        activity
        + f"""Packages:
  Package [{name}] ({window_hash(name)}):
    userId={user_id(call.device, name)}
    pkg=Package{{{window_hash(name + "p")} {name}}}
    codePath={apk_path(package).rpartition("/")[0]}
    versionCode={package.version_code} minSdk=26 targetSdk=34
    versionName={package.version_name}
    flags=[ {flags} ]
    pkgFlags=[ {flags} ]
    dataDir=/data/user/0/{name}
    timeStamp={INSTALLED}
    firstInstallTime={INSTALLED}
    lastUpdateTime={INSTALLED}
    signatures=PackageSignatures{{{window_hash(name + "s")} version:2, signatures:[], past signatures:[]}}
    User 0: ceDataInode=1 installed=true hidden=false suspended=false stopped=false notLaunched=false enabled=0
"""
    )


def command(call: Call) -> int:
    """`cmd SERVICE ...`"""
    if not call.args:
        call.err("cmd: No service specified; use -l to list all services")
        return 20
    service = call.args[0]
    if service == "-l":
        call.say("Currently running services:\n" + "\n".join(f"  {name}" for name in sorted(_SERVICES)))
        return 0
    program = _SERVICES.get(service)
    if program is None:
        call.err(f"cmd: Can't find service: {service}")
        return 20
    call.args = call.args[1:]
    return program(call)


def _clipboard(call: Call) -> int:
    """Has no shell commands on Android."""
    call.err("No shell command implementation.")
    return FAILED


def _overlay(call: Call) -> int:
    if call.args[:1] != ["list"]:
        return unknown_command(call, call.args[0] if call.args else "")
    call.say("com.android.systemui\n[ ] com.android.theme.color.amethyst")
    return 0


def _status_bar(call: Call) -> int:
    if call.args[:1] and call.args[0] in ("expand-notifications", "expand-settings", "collapse"):
        return 0
    return unknown_command(call, call.args[0] if call.args else "")


def _ui_mode(call: Call) -> int:
    if call.args[:1] != ["night"]:
        return unknown_command(call, call.args[0] if call.args else "")
    if len(call.args) > 1 and call.args[1] in ("yes", "no", "auto"):
        call.device.put_setting("secure", "ui_night_mode", {"yes": "2", "no": "1", "auto": "0"}[call.args[1]])
    call.say(
        "Night mode: " + {"2": "yes", "0": "auto"}.get(call.device.setting("secure", "ui_night_mode") or "1", "no")
    )
    return 0


_SERVICES: dict[str, Callable[[Call], int]] = {
    "package": package_manager, "activity": activity_manager, "window": window_manager, "input": send_input,
    "settings": settings, "clipboard": _clipboard, "overlay": _overlay, "statusbar": _status_bar, "uimode": _ui_mode,
}  # fmt: skip

PROGRAMS = {"pm": package_manager, "cmd": command}
