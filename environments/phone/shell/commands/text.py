"""Commands on text and bytes, in toybox's words: cat, head, sort, cut, tr and others."""

import re
from collections.abc import Callable, Iterator

from environments.phone.files import FileError
from environments.phone.shell.call import Call, Failure, decode, encode
from environments.phone.shell.escapes import unescape
from environments.phone.shell.streams import Stream


def cat(call: Call) -> int:
    _options, names = call.options("eAutv")
    status = 0
    for name in names or ["-"]:
        try:
            if name == "-":
                for chunk in call.chunks():
                    call.out(chunk)
            else:
                call.out(call.read(name))
        except FileError as exc:
            call.err(f"cat: {name}: {exc.strerror}")
            status = 1
    return status


def tac(call: Call) -> int:
    read = list(call.each(call.args))
    for _name, data in read:
        call.out(b"".join(reversed(data.splitlines(keepends=True))))
    return status_of(read)


def status_of(read: list[tuple[str, bytes]]) -> int:
    """1 where `Call.each` told that something could not be read."""
    return int(bool(read) and read[-1] == ("", b""))


def count_of(call: Call, word: str) -> int:
    found = re.fullmatch(r"\+?-?([0-9]{1,12})([kKmM]?)", word)
    if found is None:
        raise Failure(f"{call.name}: not integer: {word}")
    return int(found[1]) * {"": 1, "k": 1024, "m": 1024**2}[found[2].lower()]


def head(call: Call) -> int:
    call.args = [f"-n{arg[1:]}" if re.fullmatch(r"-[0-9]+", arg) else arg for arg in call.args]
    options, names = call.options("qv", "nc")
    if not names:  # as they come, so that what writes without end can be ended
        return _head_of_stream(call, options)
    read = list(call.each(names))
    for name, data in read:
        if not name:
            break
        if len(names) > 1:
            call.out(("" if name == names[0] else "\n") + f"==> {name} <==\n")
        if "c" in options:
            call.out(data[: count_of(call, options["c"])])
        else:
            call.out(b"".join(data.splitlines(keepends=True)[: count_of(call, options.get("n", "10"))]))
    return status_of(read)


def _head_of_stream(call: Call, options: dict[str, str]) -> int:
    if "c" in options:
        left = count_of(call, options["c"])
        chunks = call.chunks()
        while left and (data := next(chunks, b"")):
            call.out(data[:left])
            left -= min(left, len(data))
        return 0
    left = count_of(call, options.get("n", "10"))
    lines = call.lines()
    while left and (line := next(lines, None)) is not None:
        call.say(line)
        left -= 1
    return 0


def tail(call: Call) -> int:
    call.args = [f"-n{arg[1:]}" if re.fullmatch(r"[-+][0-9]+", arg) and arg[0] == "-" else arg for arg in call.args]
    options, names = call.options("fFsq", "nc")
    read = list(call.each(names))
    for name, data in read:
        if not name:
            break
        if len(names) > 1:
            call.out(("" if name == names[0] else "\n") + f"==> {name} <==\n")
        word = options.get("c", options.get("n", "10"))
        count = count_of(call, word)
        if "c" in options:
            call.out(data[max(0, count - 1) :] if word.startswith("+") else data[len(data) - min(count, len(data)) :])
            continue
        pieces = data.splitlines(keepends=True)
        call.out(
            b"".join(
                pieces[max(0, count - 1) :] if word.startswith("+") else pieces[len(pieces) - min(count, len(pieces)) :]
            )
        )
    return status_of(read)


def wc(call: Call) -> int:
    options, names = call.options("lwcm")
    wanted = [letter for letter in "lwcm" if letter in options] or ["l", "w", "c"]
    read = list(call.each(names))
    totals = dict.fromkeys("lwcm", 0)
    rows = []
    for name, data in read:
        if name:
            counts = {"l": data.count(b"\n"), "w": len(data.split()), "c": len(data), "m": len(decode(data))}
            rows.append((counts, name))
            totals = {letter: totals[letter] + counts[letter] for letter in "lwcm"}
    if len(rows) > 1:
        rows.append((totals, "total"))
    for counts, name in rows:
        call.say(" ".join(str(counts[letter]) for letter in wanted) + (f" {name}" if names else ""))
    return status_of(read)


def _all_lines(call: Call, names: list[str]) -> list[str]:
    lines: list[str] = []
    for name, data in call.each(names):
        if not name:
            raise Failure("")
        text = decode(data)
        lines.extend((text[:-1] if text.endswith("\n") else text).split("\n") if text else [])
    return lines


def sort(call: Call) -> int:
    options, names = call.options("rnufgbdiMsczxV", "kto")
    lines = _all_lines(call, names)

    def key(line: str) -> tuple[float, str]:
        field = line
        if "k" in options and options["k"][:1].isdecimal():
            number = int(re.match(r"[0-9]{1,6}", options["k"])[0])  # type: ignore[index]
            parts = line.split(options["t"]) if "t" in options else line.split()
            field = " ".join(parts[max(0, number - 1) :])
        found = re.match(r"\s*(-?[0-9]{1,15}(?:\.[0-9]{1,15})?)", field) if {"n", "g"} & options.keys() else None
        return float(found[1]) if found else 0.0, field.lower() if "f" in options else field

    lines.sort(key=lambda line: (key(line), line), reverse="r" in options)
    if "u" in options:
        lines = list(dict.fromkeys(lines))
    text = "".join(line + "\n" for line in lines)
    if "o" in options:
        call.files.write(call.target(options["o"]), encode(text))
    else:
        call.out(text)
    return 0


def uniq(call: Call) -> int:
    options, names = call.options("cdui", "fsw")
    runs: list[tuple[str, int]] = []
    for line in _all_lines(call, names[:1]):
        same = bool(runs) and (runs[-1][0].lower() == line.lower() if "i" in options else runs[-1][0] == line)
        runs[-1:] = [(runs[-1][0], runs[-1][1] + 1)] if same else [*runs[-1:], (line, 1)]
    for line, count in runs:
        if ("d" in options and count == 1) or ("u" in options and count > 1):
            continue
        call.say(f"{count:>7} {line}" if "c" in options else line)
    return 0


def _ranges(call: Call, word: str) -> list[tuple[int, int]]:
    found = []
    for piece in word.split(","):
        match = re.fullmatch(r"([0-9]{0,6})(-?)([0-9]{0,6})", piece)
        if match is None or not (match[1] or match[3]):
            raise Failure(f"{call.name}: bad list '{word}'")
        low = int(match[1] or 1)
        found.append((low, int(match[3]) if match[3] else (10**7 if match[2] else low)))
    return found


def cut(call: Call) -> int:
    options, names = call.options("sn", "bcdfDFO")
    kind = next((letter for letter in "fbc" if letter in options), "")
    if not kind:
        raise Failure('cut: no -cCfF (see "cut --help")')
    ranges, delimiter = _ranges(call, options[kind]), options.get("d", "\t") or "\t"
    for line in _all_lines(call, names):
        if kind == "f":
            parts = line.split(delimiter)
            if len(parts) == 1:
                if "s" not in options:
                    call.say(line)
                continue
        else:
            parts = list(line)
        kept = [part for at, part in enumerate(parts, 1) if any(low <= at <= high for low, high in ranges)]
        call.say((delimiter if kind == "f" else "").join(kept))
    return 0


_CLASSES = {"[:upper:]": "ABCDEFGHIJKLMNOPQRSTUVWXYZ", "[:lower:]": "abcdefghijklmnopqrstuvwxyz",
            "[:digit:]": "0123456789", "[:space:]": " \t\n\r\v\f",
            "[:alpha:]": "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz",
            "[:alnum:]": "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"}  # fmt: skip


def _characters(text: str) -> str:
    for name, letters in _CLASSES.items():
        text = text.replace(name, letters)
    text = unescape(text)[0]

    def spell(found: re.Match[str]) -> str:
        low, high = ord(found[1]), ord(found[2])
        return "".join(map(chr, range(low, min(high, low + 5000) + 1)))

    return re.sub(r"(?s)(.)-(.)", spell, text)


def tr(call: Call) -> int:
    options, words = call.options("cCds")
    call.need(words, 1 if "d" in options or "s" in options else 2)
    first, second = _characters(words[0]), _characters(words[1]) if len(words) > 1 else ""
    table = {char: second[min(at, len(second) - 1)] for at, char in reversed([*enumerate(first)])} if second else {}
    inverse = "c" in options or "C" in options
    last = ""
    for chunk in call.chunks():
        written = []
        for char in decode(chunk):
            inside = (char in first) != inverse
            if inside and "d" in options:
                continue
            changed = (second[-1] if inverse else table[char]) if inside and second and "d" not in options else char
            if "s" in options and changed == last and changed in (second or first):
                continue
            written.append(changed)
            last = changed
        call.out("".join(written))
    return 0


def tee(call: Call) -> int:
    options, names = call.options("ai")
    paths = [call.target(name) for name in names]
    for path in paths:
        call.files.write(path, b"", append="a" in options)
    data = b"".join(_passed(call))
    for path in paths:
        call.files.write(path, data, append=True)
    return 0


def _passed(call: Call) -> Iterator[bytes]:
    for chunk in call.chunks():
        call.out(chunk)
        yield chunk


def yes(call: Call) -> int:
    block = encode((" ".join(call.args) or "y") + "\n") * 100
    while True:
        call.check()
        call.out(block)


def xargs(call: Call) -> int:
    options, words = (
        call.options("0rptx", "nIsP") if call.args[:1] and call.args[0].startswith("-") else ({}, call.args)
    )
    if options:  # the options end at the command's name
        at = 0
        while at < len(call.args) and call.args[at].startswith("-"):
            at += 2 if call.args[at] in ("-n", "-I", "-s", "-P") else 1
        words = call.args[at:]
    data = decode(call.read("-"))
    items = [item for item in data.split("\0") if item] if "0" in options else data.split()
    command = words or ["echo"]
    size = max(1, count_of(call, options["n"])) if "n" in options else 5000
    if "I" in options:
        runs = [[word.replace(options["I"], line) for word in command] for line in data.splitlines() if line.strip()]
    else:
        runs = [[*command, *items[at : at + size]] for at in range(0, len(items), size)]
        runs = runs or ([] if "r" in options else [command])
    status = 0
    for run in runs:
        status = call.run(run, {**call.streams, 0: Stream()}) and 123
    return status


PROGRAMS: dict[str, Callable[[Call], int]] = {
    "cat": cat, "tac": tac, "head": head, "tail": tail, "wc": wc, "sort": sort, "uniq": uniq, "cut": cut, "tr": tr,
    "tee": tee, "yes": yes, "xargs": xargs,
}  # fmt: skip
