"""`adb reverse`: the table of what the phone would pass on to the client's side.

No program on the phone connects anywhere, so that the table is all there is to it.
"""

import threading

_MAX_RULES = 64
_FIRST_PORT = 32768


class Reversals:
    """The rules of one phone; for all its clients, as on a real one."""

    def __init__(self) -> None:
        self._rules: dict[str, str] = {}
        self._lock = threading.Lock()

    def answer(self, request: str) -> bytes:
        """Carry out what follows `reverse:`; the bytes that adbd answers with."""
        with self._lock:
            verb, _, rest = request.partition(":")
            if verb == "list-forward":
                return _counted("".join(f"host-1 {ours} {theirs}\n" for ours, theirs in self._rules.items()))
            if verb == "killforward-all":
                self._rules.clear()
                return b"OKAY"
            if verb == "killforward":
                known = self._rules.pop(rest, None) is not None
                return b"OKAY" if known else _failure(f"listener '{rest}' not found")
            if verb == "forward":
                return self._add(rest)
            return _failure(f"unknown reverse request '{verb}'")

    def _add(self, rule: str) -> bytes:
        rebind = not rule.startswith("norebind:")
        ours, separator, theirs = rule.removeprefix("norebind:").partition(";")
        if not (separator and _is_spec(ours) and _is_spec(theirs)):
            return _failure(f"bad forward: {rule}")
        answer = b"OKAY"
        if ours == "tcp:0":
            port = next(port for port in range(_FIRST_PORT, 65536) if f"tcp:{port}" not in self._rules)
            ours, answer = f"tcp:{port}", b"OKAY" + _counted(str(port))
        if ours in self._rules and not rebind:
            return _failure("cannot rebind existing socket")
        if len(self._rules) >= _MAX_RULES and ours not in self._rules:
            return _failure("too many rules")
        self._rules[ours] = theirs
        return answer


def _is_spec(text: str) -> bool:
    kind, _, name = text.partition(":")
    if not name or any(character.isspace() for character in text) or len(text) > 256:
        return False
    if kind == "tcp":
        return name.isascii() and name.isdigit() and int(name) < 65536
    return kind in ("localabstract", "localreserved", "localfilesystem", "local", "vsock")


def _counted(text: str) -> bytes:
    """A string after its length in four hexadecimal digits."""
    data = text.encode()[:0xFFFF]
    return f"{len(data):04x}".encode() + data


def _failure(words: str) -> bytes:
    return b"FAIL" + _counted(words)
