"""An adb server on the wire with a scripted device behind it, and faults on demand.

It speaks the smart-socket protocol: four hex digits of length, a request, OKAY or FAIL, then the service's own bytes.
The device runs what its shell is sent, so that a test sees what arrived and not what was meant.
"""

import itertools
import re
import shlex
import socket
import struct
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from PIL import Image, ImageDraw

from environments.android.connection import Server
from environments.frame import Frame
from environments.geometry import Size

SERIAL = "PHONE1"
LATIN = "com.android.inputmethod.latin/.LatinIME"
ADB_IME = "com.android.adbkeyboard/.AdbIME"


@dataclass
class ScriptedDevice:
    """A device as far as the driver asks: a screen, a state, input methods, and lists of what was done to it."""

    size: Size = field(default_factory=lambda: Size(180, 320))
    rotation: int = 0
    focus: str = "com.example.notes/com.example.notes.Main"
    awake: bool = True
    locked: bool = False
    keyboard: bool = False
    secure: bool = False
    features: str = "shell_v2,cmd,stat_v2"
    usage: str = "input text|keyevent|tap|swipe|motionevent|keycombination"
    displays: tuple[str, ...] = ()
    packages: tuple[str, ...] = ("com.example.notes", "com.android.settings", "com.android.chrome")
    input_methods: dict[str, bool] = field(default_factory=lambda: {LATIN: True, ADB_IME: False})
    settings: dict[str, str] = field(default_factory=lambda: {"secure default_input_method": LATIN})
    idle: bool = True
    field_text: str = ""
    password: bool = False
    focused: bool = True
    screenshot: Callable[[list[str]], tuple[int, bytes, bytes]] | None = None
    answers: dict[str, tuple[int, bytes, bytes]] = field(default_factory=dict)
    """Answers to whole commands, or to their first word, in place of what the device would say."""
    before: Callable[[list[str]], None] | None = None
    """Called with each command before it is carried out."""

    def __post_init__(self) -> None:
        self.ran: list[list[str]] = []
        self.files: dict[str, bytes] = {}
        self.lock = threading.RLock()

    def done(self, verb: str) -> list[list[str]]:
        """The `input` commands of one verb that arrived, without their head."""
        return [argv[2:] for argv in self.ran if argv[:2] == ["input", verb]]

    def frame(self) -> Frame:
        width, height = self.size if self.rotation % 2 == 0 else (self.size.height, self.size.width)
        image = Image.new("RGB", (width, height), "black" if self.secure or not self.awake else "white")
        if self.awake and not self.secure:
            ImageDraw.Draw(image).text((10, 10), f"{self.focus[-8:]}\n{len(self.done('tap'))}", fill="navy")
        return Frame.from_image(image)

    def run(self, argv: list[str]) -> tuple[int, bytes, bytes]:
        """Carry out one command: exit code, stdout, stderr."""
        if self.before is not None:
            self.before(argv)
        with self.lock:
            if not argv[-1].startswith("=="):  # a mark that the driver sets after a command
                self.ran.append(argv)
            for known in (" ".join(argv), argv[0]):
                if known in self.answers:
                    return self.answers[known]
            verb = getattr(self, f"_{argv[0]}", None)
            if verb is None:
                return 127, b"", f"/system/bin/sh: {argv[0]}: inaccessible or not found\n".encode()
            out = verb(argv[1:])
            return out if isinstance(out, tuple) else (0, out.encode(), b"")

    def _echo(self, words: list[str]) -> str:
        return " ".join(words) + "\n"

    def _input(self, words: list[str]) -> "str | tuple[int, bytes, bytes]":
        if not words:
            return 1, b"", self.usage.encode()
        if words[0] == "text":
            typed = words[1].replace("%s", " ")
            if not typed.isascii():
                return 1, b"", b"java.lang.NullPointerException: Attempt to get length of null array\n"
            self.field_text += typed
        if words[0] == "keyevent":
            for code in words[1:]:
                if code == "67":
                    self.field_text = self.field_text[:-1]
                if code == "66":
                    self.field_text += "\n"
                if code == "224":
                    self.awake = True
                if code == "279":
                    self.field_text += self.settings.get("clipboard", "")
        return ""

    def _screencap(self, words: list[str]) -> tuple[int, bytes, bytes]:
        if self.screenshot is not None:
            return self.screenshot(words)
        frame = self.frame()
        if "-p" in words:
            return 0, frame.png(), b""
        head = struct.pack("<IIII", *frame.size, 1, 0)
        return 0, head + frame.image().convert("RGBA").tobytes(), b""

    def _dumpsys(self, words: list[str]) -> str:  # noqa: PLR0911  # a line a report
        match words:
            case ["window", "displays"]:
                return self._window_displays()
            case ["window", "windows"]:
                flags = "LAYOUT_IN_SCREEN SECURE HARDWARE_ACCELERATED" if self.secure else "LAYOUT_IN_SCREEN"
                return f"  Window #4 Window{{1a2b u0 {self.focus}}}:\n    mAttrs={{(0,0)(fillxfill) fl={flags}\n"
            case ["window", "policy"]:
                return f"    showing={str(self.locked).lower()}\n    screenState=SCREEN_STATE_ON\n"
            case ["power"]:
                return f"  mWakefulness={'Awake' if self.awake else 'Asleep'}\n"
            case ["input_method"]:
                current = self.settings["secure default_input_method"]
                return f"  mCurMethodId={current}\n  mInputShown={str(self.keyboard).lower()}\n"
            case ["SurfaceFlinger", "--display-id"]:
                return "".join(f"Display {one} (HWC display {n}): port={n}\n" for n, one in enumerate(self.displays))
        return ""

    def _window_displays(self) -> str:
        width, height = self.size if self.rotation % 2 == 0 else (self.size.height, self.size.width)
        focus = f"Window{{1a2b u0 {self.focus}}}" if self.focus else "null"
        return (
            "WINDOW MANAGER DISPLAY CONTENTS (dumpsys window displays)\n"
            "  Display: mDisplayId=0\n"
            f"    init={self.size.width}x{self.size.height} 420dpi cur={width}x{height} app={width}x{height}\n"
            f"    mCurrentFocus={focus}\n"
            f"    DisplayFrames w={width} h={height} r={self.rotation}\n"
            "  Display: mDisplayId=7\n"
            "    init=64x48 100dpi cur=64x48 app=64x48\n    DisplayFrames w=64 h=48 r=3\n"
        )

    def _uiautomator(self, words: list[str]) -> "str | tuple[int, bytes, bytes]":
        if not self.idle:
            return 0, b"", b"ERROR: could not get idle state.\n"
        text = "".join(f"&#{ord(character)};" for character in self.field_text)
        self.files[words[1]] = (
            "<?xml version='1.0' encoding='UTF-8' standalone='yes' ?><hierarchy rotation=\"0\">"
            '<node class="android.widget.FrameLayout" bounds="[0,0][180,320]" text="">'
            f'<node class="android.widget.EditText" bounds="[10,20][170,60]" enabled="true" '
            f'focused="{str(self.focused).lower()}" '
            f'password="{str(self.password).lower()}" resource-id="com.example.notes:id/body" text="{text}"/>'
            '<node class="android.widget.Button" bounds="[10,80][170,120]" text="Save" content-desc="Save the note"/>'
            "</node></hierarchy>"
        ).encode()
        return f"UI hierchary dumped to: {words[1]}\n"

    def _cat(self, words: list[str]) -> tuple[int, bytes, bytes]:
        if words[0] not in self.files:
            return 1, b"", f"cat: {words[0]}: No such file or directory\n".encode()
        return 0, self.files[words[0]], b""

    def _rm(self, words: list[str]) -> str:
        self.files.pop(words[-1], None)
        return ""

    def _settings(self, words: list[str]) -> str:
        verb, namespace, name, *value = words
        if verb == "get":
            return self.settings.get(f"{namespace} {name}", "null") + "\n"
        if verb == "put":
            self.settings[f"{namespace} {name}"] = value[0]
        else:
            self.settings.pop(f"{namespace} {name}", None)
        return ""

    def _ime(self, words: list[str]) -> str:
        if words[0] == "list":
            return "".join(f"{one}\n" for one, enabled in self.input_methods.items() if enabled or "-a" in words)
        name = words[1]
        if name not in self.input_methods:
            return f"Unknown input method {name} cannot be enabled for user #0\n"
        if words[0] == "set":
            self.settings["secure default_input_method"] = name
            return f"Input method {name} selected for user #0\n"
        self.input_methods[name] = words[0] == "enable"
        return f"Input method {name}: now {words[0]}d for user #0\n"

    def _am(self, words: list[str]) -> str:
        if words[0] == "start":
            if "-n" in words:
                self.focus = words[words.index("-n") + 1]
            return "Starting: Intent { }\n"
        action = words[words.index("-a") + 1]
        if action == "ADB_INPUT_B64" and self.settings["secure default_input_method"] == ADB_IME:
            import base64  # noqa: PLC0415

            self.field_text += base64.b64decode(words[-1]).decode()
        if action == "clipper.set" and "ca.zgrs.clipper" in self.packages:
            self.settings["clipboard"] = words[-1]
            return 'Broadcast completed: result=-1, data="Text is copied into clipboard."\n'
        return "Broadcasting: Intent { }\nBroadcast completed: result=0\n"

    def _monkey(self, words: list[str]) -> str:
        self.focus = f"{words[1]}/{words[1]}.Main"
        return "Events injected: 1\n"

    def _pm(self, words: list[str]) -> str:
        wanted = words[2] if len(words) > 2 else ""
        return "".join(f"package:{package}\n" for package in self.packages if wanted in package)

    def _cmd(self, words: list[str]) -> str:
        if words[:2] == ["package", "query-activities"] and "--brief" in words:
            lines = "".join(f"    {package}/.Main\n" for package in self.packages)
            return f"{len(self.packages)} activities found:\n{lines}"
        return ""


Cut = Callable[[str, bytes], "bytes | None"]


class AdbServer:
    """Serves `devices` (serial number to state) on a port of its own; PHONE1 is the scripted device.

    `fault(service, answer)` may replace what is sent back to a service: its bytes are sent and the connection ends.
    With None the answer goes out whole. `drip` is a pause after each byte. `hang` makes shells answer nothing.
    """

    def __init__(self, device: ScriptedDevice | None = None, states: dict[str, str] | None = None) -> None:
        self.device = device or ScriptedDevice()
        self.states = {SERIAL: "device"} if states is None else states
        self.requests: list[str] = []
        self.fault: Cut | None = None
        self.drip = 0.0
        self.hang = False
        self.connectable: dict[str, str] = {}
        self.on_request: Callable[[str], None] | None = None
        self._ended = threading.Event()
        self._listener: socket.socket | None = None
        self.server = self.start()

    def start(self, port: int = 0) -> Server:
        listener = socket.create_server(("127.0.0.1", port))
        self._listener = listener
        threading.Thread(target=self._accept, args=(listener,), daemon=True).start()
        return Server("127.0.0.1", listener.getsockname()[1])

    def stop(self) -> None:
        """As when the adb server is killed: nothing listens any more."""
        listener, self._listener = self._listener, None
        if listener is not None:
            listener.shutdown(socket.SHUT_RDWR)
            listener.close()

    def restart(self) -> None:
        if self._listener is None:
            self.start(self.server.port)

    def close(self) -> None:
        self._ended.set()
        self.stop()

    def __enter__(self) -> "AdbServer":
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()

    def _accept(self, listener: socket.socket) -> None:
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection: socket.socket) -> None:
        with connection:
            try:
                self._converse(connection)
            except OSError:  # the client has gone, or we cut it off
                return

    def _converse(self, connection: socket.socket) -> None:
        state = ""
        while True:
            head = _exactly(connection, 4)
            if not head:
                return
            request = _exactly(connection, int(head, 16)).decode()
            self.requests.append(request)
            if self.on_request is not None:
                self.on_request(request)
            if request.startswith("host:transport:"):
                serial = request.removeprefix("host:transport:")
                state = self.states.get(serial, "")
                if state != "device":
                    self._send(connection, request, _fail(_refusal(serial, state)))
                    return
                if self._send(connection, request, b"OKAY"):
                    return
                continue
            if request.startswith("host"):
                self._send(connection, request, self._host(request))
                return
            self._send(connection, request, self._shell(request))
            return

    def _send(self, connection: socket.socket, request: str, answer: bytes) -> bool:
        """Whether the connection was cut."""
        replaced = self.fault(request, answer) if self.fault is not None else None
        data = answer if replaced is None else replaced
        if self.drip and not request.startswith("host"):
            for byte in data:
                if self._ended.wait(self.drip):
                    return True
                connection.sendall(bytes([byte]))
        else:
            connection.sendall(data)
        if replaced is not None:  # RST, as a killed server gives
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        return replaced is not None

    def _host(self, request: str) -> bytes:  # noqa: PLR0911  # a line a request
        if request == "host:version":
            return _okay("0029")
        if request == "host:devices-l":
            lines = (f"{serial:<22} {state} product:p model:Pixel_{n} device:d transport_id:{n}\n"
                     for n, (serial, state) in enumerate(self.states.items(), 1))  # fmt: skip
            return _okay("".join(lines))
        if request.startswith("host:connect:"):
            address = request.removeprefix("host:connect:")
            if address in self.connectable:
                self.states[address] = self.connectable[address]
                return _okay(f"connected to {address}")
            return _okay(f"failed to connect to '{address}': Connection refused")
        if request.startswith("host:disconnect:"):
            address = request.removeprefix("host:disconnect:")
            if self.states.pop(address, None) is None:
                return _fail(f"no such device '{address}'")
            return _okay(f"disconnected {address}")
        serial, _, what = request.removeprefix("host-serial:").rpartition(":")
        state = self.states.get(serial, "")
        if state != "device" and (what != "get-state" or not state or state == "unauthorized"):
            return _fail(_refusal(serial, state))
        return _okay(self.device.features if what == "features" else state)

    def _shell(self, request: str) -> bytes:
        if self.hang:
            self._ended.wait(60)
        service, _, line = request.partition(":")
        code, said = self._line(line)
        if service.startswith("shell,v2"):
            return b"OKAY" + b"".join(_packets(kind, data) for kind, data in said) + _packets(3, bytes([code]))
        return b"OKAY" + b"".join(data for _, data in said)

    def _line(self, line: str) -> tuple[int, list[tuple[int, bytes]]]:
        """Commands with `;` and `&&` between them, and `$?`, as far as the driver sends them: the exit code, and what
        was said on 1, standard output, and 2, standard error."""
        code, said, run = 0, [], True
        for words, glue in _commands(line):
            if run:
                argv = [str(code) if word == "$?" else word.replace("$?", str(code)) for word in words]
                code, out, err = self.device.run(argv)
                said += [(1, out), (2, err)]
            run = glue == ";" or (glue == "&&" and code == 0 and run)
        return code, said


def _commands(line: str) -> Iterator[tuple[list[str], str]]:
    lexer = shlex.shlex(line, posix=True, punctuation_chars=";&")
    lexer.whitespace_split = True
    lexer.commenters = ""
    for is_glue, words in itertools.groupby(lexer, lambda word: bool(re.fullmatch(r";|&&", word))):
        if not is_glue:
            pending = list(words)
        else:
            yield pending, next(iter(words))
            pending = []
    if pending:
        yield pending, ""


def _packets(kind: int, data: bytes) -> bytes:
    pieces = [data[start : start + 8192] for start in range(0, len(data), 8192)]
    return b"".join(bytes([kind]) + struct.pack("<I", len(piece)) + piece for piece in pieces)


def _okay(text: str) -> bytes:
    return b"OKAY" + b"%04x" % len(text.encode()) + text.encode()


def _fail(text: str) -> bytes:
    return b"FAIL" + b"%04x" % len(text.encode()) + text.encode()


def _refusal(serial: str, state: str) -> str:
    words = {"": f"device '{serial}' not found", "unauthorized": "device unauthorized.\nCheck for a dialog"}
    return words.get(state, f"device {state}")


def _exactly(connection: socket.socket, size: int) -> bytes:
    data = b""
    while len(data) < size:
        chunk = connection.recv(size - len(data))
        if not chunk:
            return b""
        data += chunk
    return data


def wait_until(truth: Callable[[], bool], seconds: float = 5.0) -> None:
    """Wait for a condition; fails after `seconds`."""
    deadline = time.monotonic() + seconds
    while not truth():
        assert time.monotonic() < deadline, "it did not come true"
        time.sleep(0.005)
