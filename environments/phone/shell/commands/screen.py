"""What shows the screen: screencap, uiautomator dump, wm."""

import struct

from environments.geometry import Size
from environments.phone.device import Node, NotIdle, SecureWindow
from environments.phone.files import FileError
from environments.phone.shell.call import Call, Failure
from environments.phone.shell.commands.java import Arguments, unknown_command

RGBA_8888, SRGB = 1, 1
DUMP_FILE = "/sdcard/window_dump.xml"
IDLE_SECONDS = 1.0
SCREENCAP_USAGE = """usage: screencap [-hp] [-d display-id] [FILENAME]
   -h: this message
   -p: save the file as a png.
   -d: specify the display ID to capture (If the id is not given, it defaults to
       the first display).
       see "dumpsys SurfaceFlinger --display-id" for valid display IDs.
If FILENAME ends with .png it will be saved as a png.
If FILENAME is not given, the results will be printed to stdout.
"""
MANY_DISPLAYS = """[Warning] Multiple displays were found, but no display id was specified! Defaulting to the first \
display found, however this default is not guaranteed to be consistent across captures. A display id should be \
specified.
A display ID can be specified with the [-d display-id] option.
See "dumpsys SurfaceFlinger --display-id" for valid display IDs."""


def screencap(call: Call) -> int:
    options, names = call.options("hpa", "d")
    if "h" in options:
        call.out(SCREENCAP_USAGE)
        return 1
    displays = call.device.displays
    if "d" in options and options["d"].split("\n")[-1] not in displays:
        raise Failure(f"Display Id '{options['d']}' is not valid.")
    if "d" not in options and len(displays) > 1:
        call.err(MANY_DISPLAYS)
    path = ""
    if names:
        try:
            path = call.target(names[0])
            entry = call.files.stat(path)
            if entry is not None and entry.is_folder:
                raise FileError(21, "Is a directory")
        except FileError as exc:
            raise Failure(f"Error opening file: {names[0]} ({exc.strerror})") from exc
    try:
        frame = call.device.screenshot()
    except SecureWindow as exc:
        raise Failure("Failed to take screenshot. Status: -1") from exc
    if "p" in options or (names and names[0].endswith(".png")):
        image = frame.png()[: call.machine.faults.truncate_png]
    else:
        header = struct.pack("<IIII", frame.size.width, frame.size.height, RGBA_8888, SRGB)
        image = header + frame.image().convert("RGBA").tobytes()
    if not path:
        call.out((MANY_DISPLAYS.encode() + b"\n" if call.machine.faults.warning else b"") + image)
        return 0
    try:
        call.files.write(path, image, mode=0o660, mtime=int(call.device.clock.wall()))
    except FileError as exc:
        raise Failure(f"Error opening file: {names[0]} ({exc.strerror})") from exc
    return 0


def uiautomator(call: Call) -> int:
    if call.args[:1] != ["dump"]:
        call.err("Usage: uiautomator <subcommand> [options]\n\nAvailable subcommands:\n\n"
                 "help: displays help message\n\n"
                 "dump: creates an XML dump of current UI hierarchy\n    dump [--verbose][file]")  # fmt: skip
        return 1
    names = [arg for arg in call.args[1:] if not arg.startswith("--")]
    name = names[0] if names else DUMP_FILE
    try:
        document = hierarchy_xml(_at_rest(call), call.device.rotation)
    except NotIdle:
        call.err("ERROR: could not get idle state.")
        return 0
    if name == "/dev/tty":
        call.out(document)
    else:
        try:
            call.files.write(call.target(name), document.encode(), mode=0o660, mtime=int(call.device.clock.wall()))
        except FileError as exc:
            call.err(f"java.io.FileNotFoundException: {name}: open failed: {exc.strerror}")
            return 0
    call.say(f"UI hierchary dumped to: {name}")  # the spelling is Android's
    return 0


def _at_rest(call: Call) -> Node:
    """The tree as soon as nothing moves. Raises NotIdle when that takes long; Android's own patience is ten seconds."""
    clock = call.device.clock
    until = clock.now() + IDLE_SECONDS
    while True:
        try:
            return call.device.hierarchy()
        except NotIdle:
            if clock.now() >= until:
                raise
        call.sleep(0.01)


def hierarchy_xml(root: Node, rotation: int) -> str:
    """The document that uiautomator writes of a tree."""
    written = [f"<?xml version='1.0' encoding='UTF-8' standalone='yes' ?><hierarchy rotation=\"{rotation}\">"]
    waiting: list[tuple[int, Node] | None] = [(0, root)]
    while waiting:
        item = waiting.pop()
        if item is None:
            written.append("</node>")
            continue
        index, node = item
        written.append(_start(index, node) + (">" if node.children else " />"))
        if node.children:
            waiting.append(None)
            waiting.extend(reversed([*enumerate(node.children)]))
    written.append("</hierarchy>")
    return "".join(written)


def _start(index: int, node: Node) -> str:
    flags = ("checkable", "checked", "clickable", "enabled", "focusable", "focused", "scrollable")
    left, top, right, bottom = node.bounds
    attributes = [
        ("index", str(index)),
        ("text", "\u2022" * len(node.text) if node.password else node.text),
        ("resource-id", node.resource_id),
        ("class", node.cls),
        ("package", node.package),
        ("content-desc", node.content_desc),
        *((flag, _word(getattr(node, flag))) for flag in flags),
        ("long-clickable", _word(node.long_clickable)),
        ("password", _word(node.password)),
        ("selected", _word(node.selected)),
        ("bounds", f"[{left},{top}][{right},{bottom}]"),
    ]
    return "<node" + "".join(f" {name}={_quoted(value)}" for name, value in attributes)


def _word(flag: bool) -> str:
    return "true" if flag else "false"


def _quoted(value: str) -> str:
    """An attribute value, as KXmlSerializer writes it: single quotes where that spares escapes, characters beyond the
    basic plane as numbers; and a dot for what XML cannot hold, as AccessibilityNodeInfoDumper does."""
    if value.isascii() and value.isprintable() and not set(value) & set("&<>\"'"):
        return f'"{value}"'
    quote = "'" if '"' in value else '"'
    escapes = {"\n": "&#10;", "\r": "&#13;", "\t": "&#9;", "&": "&amp;", "<": "&lt;", ">": "&gt;",
               quote: "&apos;" if quote == "'" else "&quot;"}  # fmt: skip
    return quote + "".join(escapes.get(char) or _character(char) for char in value) + quote


def _character(char: str) -> str:
    code = ord(char)
    if code > 0xFFFF:
        return f"&#{code};"
    if code < 0x20 or 0x7F <= code <= 0x84 or 0x86 <= code <= 0x9F or 0xD800 <= code <= 0xDFFF:
        return "."
    return "." if 0xFDD0 <= code <= 0xFDDF or code >= 0xFFFE else char


def window_manager(call: Call) -> int:
    args = Arguments(call.args[0] if call.args else "", call.args)
    verb = args.optional() or ""
    if verb == "size":
        return _size(call, args)
    if verb == "density":
        return _density(call, args)
    if verb in ("user-rotation", "set-user-rotation"):
        return _user_rotation(call, args, verb)
    if verb in ("dismiss-keyguard", "reset"):
        if verb == "reset":
            call.device.set_size(None)
            call.device.set_density(None)
        return 0
    return unknown_command(call, verb)


def _size(call: Call, args: Arguments) -> int:
    word = args.optional()
    if word is None or word == "-d":
        device = call.device
        call.say(f"Physical size: {device.size.width}x{device.size.height}")
        if device.override_size is not None:
            call.say(f"Override size: {device.override_size.width}x{device.override_size.height}")
        return 0
    if word == "reset":
        call.device.set_size(None)
        return 0
    width, cross, height = word.partition("x")
    if not cross:
        raise Failure(f"Error: bad size {word}", 255)
    if not (_positive(width) and _positive(height)):
        raise Failure(f"Error: bad number {height if _positive(width) else width}", 255)
    size = Size(int(width), int(height))
    if not (200 <= size.width <= 8192 and 200 <= size.height <= 8192):
        raise args.illegal("width and height must be between 200 and 8192")
    call.device.set_size(size)
    return 0


def _density(call: Call, args: Arguments) -> int:
    word = args.optional()
    if word is None or word == "-d":
        call.say(f"Physical density: {call.device.density}")
        if call.device.override_density is not None:
            call.say(f"Override density: {call.device.override_density}")
        return 0
    if word == "reset":
        call.device.set_density(None)
        return 0
    if not _positive(word):
        raise Failure(f"Error: bad number {word}", 255)
    if int(word) < 72:
        raise Failure("Error: density must be >= 72", 255)
    call.device.set_density(min(int(word), 2000))
    return 0


def _positive(word: str) -> bool:
    return word.isascii() and word.isdecimal() and len(word) < 10


def _user_rotation(call: Call, args: Arguments, verb: str) -> int:
    device = call.device
    word = args.optional()
    if word is None and verb == "user-rotation":
        free = device.setting("system", "accelerometer_rotation") == "1"
        call.say("free" if free else f"lock {device.setting('system', 'user_rotation') or device.rotation}")
    elif word == "free":
        device.put_setting("system", "accelerometer_rotation", "1")
    elif word == "lock":
        turns = args.optional() or str(device.rotation)
        if turns not in ("0", "1", "2", "3"):
            raise args.illegal(f"rotation must be 0, 1, 2 or 3: {turns[:20]}")
        device.put_setting("system", "accelerometer_rotation", "0")
        device.put_setting("system", "user_rotation", turns)
    else:
        raise args.illegal(f"argument needs to be either -d, free or lock: {word}")
    return 0


def screenrecord(_call: Call) -> int:
    raise Failure(
        "ERROR: unable to configure video/avc codec at 1080x2400 (err=-1010)\nERROR: this phone records no video"
    )


PROGRAMS = {"screencap": screencap, "uiautomator": uiautomator, "wm": window_manager, "screenrecord": screenrecord}
