"""`am` and `monkey`: starting and stopping apps, broadcasts, tasks."""

from environments.phone.device import Focus, UnknownActivity
from environments.phone.shell.call import Call, Failure
from environments.phone.shell.commands.broadcasts import broadcast
from environments.phone.shell.commands.identity import task_id
from environments.phone.shell.commands.intents import Intent, full_class, read_intent, short_component
from environments.phone.shell.commands.java import FAILED, Arguments, unknown_command

HOME = "android.intent.category.HOME"
MAIN = "android.intent.action.MAIN"
HOME_KEY = 3
_START_OPTIONS = {"-W": 0, "-S": 0, "-D": 0, "-N": 0, "--user": 1, "--display": 1, "-R": 1, "--windowingMode": 1,
                  "--activityType": 1, "--task": 1, "--streaming": 0, "--track-allocation": 0}  # fmt: skip


def activity_manager(call: Call) -> int:
    if not call.args:
        call.err("Activity manager (activity) commands:\n  help\n      Print this help text.")
        return FAILED
    args = Arguments(call.args[0], call.args)
    verb = args.required()
    verbs = {
        "start": _start, "start-activity": _start, "force-stop": _force_stop, "kill": _kill, "kill-all": _quiet,
        "broadcast": broadcast, "stack": _stack, "task": _task, "get-current-user": _current_user,
        "startservice": _start_service, "start-service": _start_service, "start-foreground-service": _start_service,
        "stopservice": _start_service, "instrument": _instrument, "idle-maintenance": _quiet, "set-debug-app": _quiet,
        "clear-debug-app": _quiet, "wait-for-broadcast-idle": _idle, "get-config": _config,
    }  # fmt: skip
    found = verbs.get(verb)
    return unknown_command(call, verb) if found is None else found(call, args)


def _start(call: Call, args: Arguments) -> int:
    """What goes wrong is told on stderr, or with -W on stdout, as Android does."""
    intent = read_intent(args, _START_OPTIONS)
    waits = "-W" in intent.options
    if not (intent.action or intent.component or intent.data or intent.package):
        raise args.illegal("No intent supplied")
    if not intent.component and not intent.package and HOME not in intent.categories:
        intent.flags |= 0x10000000
    tell = call.say if waits else call.err
    package, cls = intent.target if intent.component else (intent.package, "")
    if "-S" in intent.options and package:
        call.say(f"Stopping: {package}")
        call.device.force_stop(package)
    call.say(f"Starting: {intent}")
    before, recent, began = call.device.focus, call.device.recent(), call.device.clock.now()
    try:
        now = _bring(call, intent, package, cls)
    except UnknownActivity:
        if intent.component:
            tell(f"Error type 3\nError: Activity class {{{package}/{cls}}} does not exist.")
        else:
            tell(f"Error: Activity not started, unable to resolve {intent}")
        return 1
    call.machine.note("I", "ActivityTaskManager", f"START u0 {{{str(intent)[9:-2]}}} from uid 2000")
    warned = before == now and "-S" not in intent.options
    if warned:
        tell("Warning: Activity not started, its current task has been brought to the front")
    if waits and now is not None:
        took = max(0, round(1000 * (call.device.clock.now() - began)))
        state = "UNKNOWN (0)" if warned else ("WARM" if now in recent else "COLD")
        call.say(f"Status: ok\nLaunchState: {state}\nActivity: {short_component(*now)}\nTotalTime: {took}\n"
                 f"WaitTime: {took + 3}\nComplete")  # fmt: skip
    return 0


def _bring(call: Call, intent: Intent, package: str, cls: str) -> Focus | None:
    """Raises UnknownActivity."""
    if HOME in intent.categories and not package:
        call.device.key(HOME_KEY)
        return call.device.focus
    if package and all(known.name != package for known in call.device.packages()):
        raise UnknownActivity
    return call.device.start(package, cls, action=intent.action, data=intent.data)


def _force_stop(call: Call, args: Arguments) -> int:
    call.device.force_stop(_package(args))
    return 0


def _package(args: Arguments) -> str:
    word = args.required()
    while word.startswith("--"):
        args.required()
        word = args.required()
    return word


def _kill(call: Call, args: Arguments) -> int:
    """Ends what runs in the background only."""
    package = _package(args)
    focus = call.device.focus
    if focus is None or focus.package != package:
        call.device.force_stop(package)
    return 0


def _stack(call: Call, args: Arguments) -> int:
    verb = args.optional() or ""
    if verb == "remove":
        number = args.whole(args.required())
        for task in call.device.recent():
            if task_id(task) == number:
                call.device.force_stop(task.package)
        return 0
    if verb != "list":
        return unknown_command(call, verb)
    device = call.device
    screen = device.override_size or device.size
    width, height = screen if device.rotation % 2 == 0 else screen[::-1]
    bounds = f"bounds=[0,0][{width},{height}]"
    for task in device.recent():
        visible = "true" if task == device.focus else "false"
        name = f"{task.package}/{task.activity}"
        call.say(f"RootTask id={task_id(task)} {bounds} displayId=0 userId=0\n"
                 f"  taskId={task_id(task)}: {name} {bounds} userId=0 visible={visible} "
                 f"topActivity=ComponentInfo{{{name}}}\n")  # fmt: skip
    return 0


def _task(call: Call, args: Arguments) -> int:
    verb = args.optional() or ""
    if verb == "lock":
        word = args.optional() or ""
        if word == "stop" or word.isdecimal():
            call.say("Activity manager is " + ("not " if word == "stop" else "") + "in lockTaskMode")
            return 0
    return unknown_command(call, verb)


def _current_user(call: Call, _args: Arguments) -> int:
    call.say("0")
    return 0


def _start_service(call: Call, args: Arguments) -> int:
    intent = read_intent(args, {"--user": 1})
    if call.args[0] == "stopservice":
        call.say(f"Stopping service: {intent}\nService not stopped: was not running.")
        return 0
    call.say(f"Starting service: {intent}")
    call.err("Error: Not found; no service started.")
    return FAILED


def _instrument(call: Call, args: Arguments) -> int:
    component = args.left[-1] if args.left else ""
    package, _slash, cls = component.partition("/")
    call.say(f"INSTRUMENTATION_STATUS: id=ActivityManagerService\nINSTRUMENTATION_STATUS: Error=Unable to find "
             f"instrumentation info for: ComponentInfo{{{package}/{full_class(package, cls)}}}\n"
             "INSTRUMENTATION_STATUS_CODE: -1")  # fmt: skip
    return 1


def _quiet(_call: Call, _args: Arguments) -> int:
    return 0


def _idle(call: Call, _args: Arguments) -> int:
    call.say("All broadcast queues are idle!")
    return 0


def _config(call: Call, _args: Arguments) -> int:
    size, density = call.device.override_size or call.device.size, call.device.override_density or call.device.density
    call.say(f"config: mcc310-mnc260-en-rUS-ldltr-sw{min(size) * 160 // density}dp-w{size.width * 160 // density}dp"
             f"-h{size.height * 160 // density}dp-normal-long-notround-nowidecg-lowdr-port-notnight-{density}dpi-finger"
             "-keysexposed-nokeys-navhidden-nonav-v34")  # fmt: skip
    return 0


def monkey(call: Call) -> int:
    """Opens an app by its launcher activity, which is what `monkey -p P 1` is used for; more events open it again."""
    package, count = "", None
    words = iter(call.args)
    for word in words:
        if word == "-p":
            package = next(words, "")
        elif word in ("-c", "-s", "--throttle") or word.startswith("--pct"):
            next(words, "")
        elif not word.startswith("-"):
            count = word
    if count is None or not count.isdecimal() or len(count) > 9:
        raise Failure("** Error: Count not specified\nusage: monkey [-p ALLOWED_PACKAGE [-p ALLOWED_PACKAGE] ...]\n"
                      "              COUNT", 251)  # fmt: skip
    for word in call.args:
        call.say(f"  bash arg: {word}")
    known = {item.name: item for item in call.device.packages()}
    if package not in known or not known[package].activity:
        call.say("** No activities found to run, monkey aborted.")
        return 252
    if int(count):
        try:
            call.device.start(package)
        except UnknownActivity:
            call.say("** No activities found to run, monkey aborted.")
            return 252
    call.say(
        f"Events injected: {count}\n## Network stats: elapsed time=20ms (0ms mobile, 0ms wifi, 20ms not connected)"
    )
    return 0


PROGRAMS = {"am": activity_manager, "monkey": monkey}
