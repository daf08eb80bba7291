"""Checksums, base64 and hexadecimal: md5sum and its like, base64, xxd."""

import base64
import binascii
import hashlib
import re
from collections.abc import Callable

from environments.phone.shell.call import Call, Failure
from environments.phone.shell.commands.text import count_of, status_of


def checksum(call: Call) -> int:
    """md5sum, sha1sum, sha256sum and so on, by the name it is called by."""
    options, names = call.options("bc")
    kind = call.name.rpartition("/")[2].removesuffix("sum")
    read = list(call.each(names))
    for name, data in read:
        if name:
            digest = hashlib.new(kind, data, usedforsecurity=False).hexdigest()
            call.say(digest if "b" in options else f"{digest}  {name}")
    return status_of(read)


def base_64(call: Call) -> int:
    options, names = call.options("di", "w")
    read = list(call.each(names[:1]))
    data = read[0][1]
    if "d" in options:
        try:
            call.out(
                base64.b64decode(re.sub(rb"[^A-Za-z0-9+/=]" if "i" in options else rb"\s", b"", data), validate=True)
            )
        except binascii.Error as exc:
            raise Failure("base64: bad input") from exc
        return 0
    width = count_of(call, options.get("w", "76"))
    text = base64.b64encode(data).decode()
    pieces = [text[at : at + width] for at in range(0, len(text), width)] if width else [text]
    call.out("\n".join(pieces) + ("\n" if width and text else ""))
    return status_of(read)


def hexdump(call: Call) -> int:
    """xxd: sixteen bytes a line; -p plain."""
    options, names = call.options("pri", "clgso")
    read = list(call.each(names[:1]))
    data = read[0][1]
    if "l" in options:
        data = data[: count_of(call, options["l"])]
    for at in range(0, len(data), 30 if "p" in options else 16):
        call.check()
        if "p" in options:
            call.say(data[at : at + 30].hex())
            continue
        row = data[at : at + 16]
        pairs = " ".join(row[n : n + 2].hex() for n in range(0, len(row), 2))
        call.say(f"{at:08x}: {pairs:<39}  " + "".join(chr(byte) if 32 <= byte < 127 else "." for byte in row))
    return status_of(read)


PROGRAMS: dict[str, Callable[[Call], int]] = {
    **{f"{kind}sum": checksum for kind in ("md5", "sha1", "sha224", "sha256", "sha384", "sha512")},
    "base64": base_64, "xxd": hexdump,
}  # fmt: skip
