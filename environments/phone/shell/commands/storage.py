"""Commands on files and folders, in toybox's words: ls, cp, mv, rm, mkdir, stat, find, du, df and others."""

import fnmatch
import posixpath
import re
import stat
import time
from collections.abc import Callable, Iterator

from environments.phone.files import MAX_BYTES, Entry, FileError
from environments.phone.shell.call import Call, Failure


def _entry(call: Call, name: str) -> Entry:
    found = call.files.stat(call.path(name)) if name else None
    if found is None:
        raise FileError(2, "No such file or directory")
    return found


def _now(call: Call) -> int:
    return int(call.device.clock.wall())


def _mode(entry: Entry) -> str:
    return stat.filemode(entry.mode)


def _moment(entry: Entry, form: str = "%Y-%m-%d %H:%M") -> str:
    return time.strftime(form, time.gmtime(min(max(entry.mtime, 0), 2**40)))


def _walk(call: Call, path: str) -> Iterator[str]:
    """A path and all below it, folders before what is in them."""
    waiting = [path]
    while waiting:
        call.check()
        name = waiting.pop()
        yield name
        entry = call.files.stat(name)
        if entry is not None and entry.is_folder:
            waiting.extend(posixpath.join(name, child) for child in reversed(call.files.list(name)))


def _tried(call: Call, names: list[str], what: Callable[[str], None], prefix: str = "") -> int:
    """Do something to each operand; what goes wrong with one is said, and the others follow."""
    status = 0
    call.need(names)
    for name in names:
        call.check()
        try:
            what(name)
        except FileError as exc:
            quoted = f"'{name}'" if prefix else name
            call.err(f"{call.name}: {prefix}{quoted}: {exc.strerror}")
            status = 1
    return status


def ls(call: Call) -> int:
    options, names = call.options("1AaClRdFhpinqrsStxmgouXc", "k")
    status = 0
    folders: list[str] = []
    plain: list[tuple[str, Entry]] = []
    for name in names or ["."]:
        try:
            entry = _entry(call, name)
        except FileError as exc:
            call.err(f"ls: {name}: {exc.strerror}")
            status = 1
            continue
        if entry.is_folder and "d" not in options:
            folders.append(name)
        else:
            plain.append((name, entry))
    _show(call, plain, options)
    for number, name in enumerate(folders):
        below = (
            [path for path in _walk(call, call.path(name)) if _entry(call, path).is_folder]
            if "R" in options
            else [call.path(name)]
        )
        for path in below:
            shown = name if path == call.path(name) else posixpath.join(name, posixpath.relpath(path, call.path(name)))
            if len(names) > 1 or "R" in options:
                call.out(("\n" if number or plain or path != below[0] else "") + f"{shown}:\n")
            _folder(call, path, options)
    return status


def _folder(call: Call, path: str, options: dict[str, str]) -> None:
    names = call.files.list(path)
    if not {"a", "A"} & options.keys():
        names = [name for name in names if not name.startswith(".")]
    rows = [(name, entry) for name in names if (entry := call.files.stat(posixpath.join(path, name))) is not None]
    if "a" in options:
        here = _entry(call, path)
        rows = [(".", here), ("..", call.files.stat(posixpath.dirname(path)) or here), *rows]
    if "l" in options:
        call.say(f"total {sum((entry.size + 1023) // 1024 for _name, entry in rows)}")
    _show(call, rows, options)


def _show(call: Call, rows: list[tuple[str, Entry]], options: dict[str, str]) -> None:
    if "S" in options:
        rows = sorted(rows, key=lambda row: -row[1].size)
    if "t" in options:
        rows = sorted(rows, key=lambda row: -row[1].mtime)
    if "r" in options:
        rows = rows[::-1]
    width = max((len(str(entry.size)) for _name, entry in rows), default=1)
    for name, entry in rows:
        mark = "/" if entry.is_folder and {"F", "p"} & options.keys() else ""
        if "l" in options:
            links = 2 if entry.is_folder else 1
            size = _human(entry.size) if "h" in options else str(entry.size)
            call.say(f"{_mode(entry)} {links} shell shell {size:>{width}} {_moment(entry)} {name}{mark}")
        else:
            call.say(name + mark)


def _human(size: float) -> str:
    for unit in ("", "K", "M", "G"):
        if size < 1024 or unit == "G":
            return f"{size:.1f}{unit}" if unit and size < 10 else f"{size:.0f}{unit}"
        size /= 1024
    return str(size)


def mkdir(call: Call) -> int:
    options, names = call.options("pv", "m")

    def make(name: str) -> None:
        if "p" in options and call.files.stat(call.path(name)) is not None and _entry(call, name).is_folder:
            return
        call.files.make_folder(call.target(name), parents="p" in options)

    return _tried(call, names, make)


def rmdir(call: Call) -> int:
    _options, names = call.options("p")

    def remove(name: str) -> None:
        path = call.target(name)
        if not _entry(call, name).is_folder:
            raise FileError(20, "Not a directory")
        if call.files.list(path):
            raise FileError(39, "Directory not empty")
        call.files.remove(path, recursive=True)

    return _tried(call, names, remove)


def rm(call: Call) -> int:
    options, names = call.options("rRfiv")
    recursive = bool({"r", "R"} & options.keys())
    if "f" in options and not names:
        return 0

    def remove(name: str) -> None:
        path = call.path(name)
        if call.files.stat(path) is None:
            if "f" not in options:
                raise FileError(2, "No such file or directory")
            return
        call.target(name)
        if path == "/sdcard":
            raise FileError(16, "Device or resource busy")
        call.files.remove(path, recursive=recursive)

    return _tried(call, names, remove)


def touch(call: Call) -> int:
    options, names = call.options("acmh", "dtr")

    def renew(name: str) -> None:
        found = call.files.stat(call.path(name))
        if found is not None:
            found.mtime = _now(call)
        elif "c" not in options:
            call.files.write(call.target(name), b"", mtime=_now(call))

    return _tried(call, names, renew)


def chmod(call: Call) -> int:
    words = [arg for arg in call.args if arg not in ("-R", "-v", "-f")]
    call.need(words, 2)
    if re.fullmatch(r"[0-7]{1,4}|[ugoa]*[-+=][rwxXst]*", words[0]) is None:
        raise Failure(f"chmod: bad mode '{words[0]}'")

    def change(name: str) -> None:
        entry = _entry(call, name)
        call.target(name)
        if words[0].isdecimal():
            entry.mode = stat.S_IFMT(entry.mode) | int(words[0], 8) & 0o777
        elif "x" in words[0]:
            entry.mode = entry.mode & ~0o111 if "-" in words[0] else entry.mode | 0o111

    return _tried(call, words[1:], change)


def _destination(call: Call, source: str, target: str) -> str:
    """Where a source goes: into the target where that is a folder. Raises FileError."""
    found = call.files.stat(call.path(target))
    into = found is not None and found.is_folder
    return call.target(posixpath.join(call.path(target), posixpath.basename(call.path(source))) if into else target)


def _copy(call: Call, source: str, target: str, *, recursive: bool) -> None:
    path, goal = call.path(source), _destination(call, source, target)
    if _entry(call, source).is_folder:
        if not recursive:
            raise Failure(f"{call.name}: Skipped dir '{source}'")
        if goal == path or goal.startswith(path + "/"):
            raise Failure(f"{call.name}: '{source}' to itself")
    elif goal == path:
        raise Failure(f"{call.name}: '{source}' is '{target}'")
    for name in list(_walk(call, path)):
        found, there = call.files.stat(name), goal + name[len(path) :]
        if found is None:
            continue
        if found.is_folder:
            call.files.make_folder(there, parents=True)
        else:
            call.files.write(there, call.files.read(name), mode=found.mode & 0o777, mtime=_now(call))


def _many(call: Call, names: list[str]) -> tuple[list[str], str]:
    call.need(names, 2)
    *sources, target = names
    if len(sources) > 1:
        found = call.files.stat(call.path(target))
        if found is None or not found.is_folder:
            raise Failure(f"{call.name}: '{target}' not directory")
    return sources, target


def cp(call: Call) -> int:
    options, names = call.options("rRafpiduvFnPHLDsl", "t")
    sources, target = _many(call, names)
    recursive = bool({"r", "R", "a"} & options.keys())

    def copy(name: str) -> None:
        _copy(call, name, target, recursive=recursive)

    return _tried(call, sources, copy, "bad ")


def mv(call: Call) -> int:
    _options, names = call.options("finvT")
    sources, target = _many(call, names)

    def move(name: str) -> None:
        call.target(name)
        _copy(call, name, target, recursive=True)
        call.files.remove(call.path(name), recursive=True)

    return _tried(call, sources, move, "bad ")


def show_stat(call: Call) -> int:
    options, names = call.options("fLt", "c")

    def show(name: str) -> None:
        entry = _entry(call, name)
        known = {"s": str(entry.size), "n": name, "N": f"`{name}'", "a": f"{entry.mode & 0o777:o}", "A": _mode(entry),
                 "F": "directory" if entry.is_folder else "regular file", "Y": str(entry.mtime), "X": str(entry.mtime),
                 "Z": str(entry.mtime), "u": "2000", "g": "2000", "U": "shell", "G": "shell", "h": "1", "i": "1",
                 "b": str((entry.size + 511) // 512), "B": "512", "%": "%",
                 "y": _moment(entry, "%Y-%m-%d %H:%M:%S.000000000 +0000"),
                 "f": f"{entry.mode:x}", "o": "4096"}  # fmt: skip
        if "c" in options:
            call.say(re.sub("%(.)", lambda found: known.get(found[1], found[0]), options["c"]))
            return
        call.say(f"  File: {name}\n  Size: {entry.size}\t Blocks: {known['b']}\t IO Blocks: 512\t{known['F']}\n"
                 f"Device: fd00h\t Inode: 1\t Links: 1\nAccess: (0{known['a']}/{_mode(entry)})\t"
                 "Uid: ( 2000/   shell)\tGid: ( 2000/   shell)\n"
                 f"Access: {known['y']}\nModify: {known['y']}\nChange: {known['y']}")  # fmt: skip

    return _tried(call, names, show)


def find(call: Call) -> int:
    """-name, -iname, -type, -maxdepth, -print, -delete, -size is not known."""
    roots: list[str] = []
    words = list(call.args)
    while words and not words[0].startswith(("-", "!", "(")):
        roots.append(words.pop(0))
    tests = {"-name": "", "-iname": "", "-type": "", "-maxdepth": ""}
    delete = False
    while words:
        word = words.pop(0)
        if word in tests and words:
            tests[word] = words.pop(0)
        elif word == "-delete":
            delete = True
        elif word not in ("-print", "-follow"):
            raise Failure(f"find: bad arg '{word}'")
    status = 0
    for root in roots or ["."]:
        path = call.path(root)
        if call.files.stat(path) is None:
            call.err(f"find: '{root}': No such file or directory")
            status = 1
            continue
        for name in list(_walk(call, path)):
            if not _found(call, name, name[len(path) :].count("/") if path != "/" else name.count("/"), tests):
                continue
            if delete:
                call.files.remove(call.target(name), recursive=True)
            else:
                call.say(root if name == path else root.rstrip("/") + "/" + name[len(path.rstrip("/")) + 1 :])
    return status


def _found(call: Call, path: str, depth: int, tests: dict[str, str]) -> bool:
    name = posixpath.basename(path)
    entry = call.files.stat(path)
    if entry is None or (tests["-maxdepth"].isdecimal() and depth > int(tests["-maxdepth"][:9])):
        return False
    if tests["-type"] and (tests["-type"] == "d") != entry.is_folder:
        return False
    if tests["-iname"] and not fnmatch.fnmatchcase(name.lower(), tests["-iname"].lower()):
        return False
    return not tests["-name"] or fnmatch.fnmatchcase(name, tests["-name"])


def du(call: Call) -> int:
    options, names = call.options("shaHLkmxlcd", "")

    def show(name: str) -> None:
        path = call.path(name)
        _entry(call, name)
        paths = (
            [path] if "s" in options else [below for below in _walk(call, path) if _entry(call, below).is_folder][::-1]
        )
        for folder in paths or [path]:
            size = sum(
                (found.size + 1023) // 1024 for below in _walk(call, folder) if (found := call.files.stat(below))
            )
            shown = name if folder == path else posixpath.join(name, posixpath.relpath(folder, path))
            call.say(f"{_human(size * 1024) if 'h' in options else size}\t{shown}")

    return _tried(call, names or ["."], show)


def df(call: Call) -> int:
    options, _names = call.options("hHkiPat")
    used = sum(entry.size for path in _walk(call, "/") if (entry := call.files.stat(path)) and not entry.is_folder)
    total = MAX_BYTES
    sizes = [_human(n) if "h" in options else str(n // 1024) for n in (total, used, total - used)]
    head = ("Size", "Used", "Avail") if "h" in options else ("1K-blocks", "Used", "Available")
    call.say(f"{'Filesystem':<14} {head[0]:>9} {head[1]:>8} {head[2]:>9} Use% Mounted on")
    for source, place in (("/dev/block/dm-4", "/data"), ("/dev/fuse", "/storage/emulated")):
        call.say(f"{source:<14} {sizes[0]:>9} {sizes[1]:>8} {sizes[2]:>9} {100 * used // total:>3}% {place}")
    return 0


def basename(call: Call) -> int:
    call.need(call.args)
    name = call.args[0].rstrip("/") or "/"
    name = posixpath.basename(name) or "/"
    suffix = call.args[1] if len(call.args) > 1 else ""
    call.say(name.removesuffix(suffix) if suffix != name else name)
    return 0


def dirname(call: Call) -> int:
    call.need(call.args)
    for name in call.args:
        call.say(posixpath.dirname(name.rstrip("/")) or ("/" if name.startswith("/") else "."))
    return 0


def realpath(call: Call) -> int:
    _options, names = call.options("fenqmsz")

    def show(name: str) -> None:
        _entry(call, name)
        call.say(call.path(name))

    return _tried(call, names, show)


PROGRAMS = {
    "ls": ls, "mkdir": mkdir, "rmdir": rmdir, "rm": rm, "unlink": rm, "touch": touch, "chmod": chmod, "cp": cp,
    "mv": mv, "stat": show_stat, "find": find, "du": du, "df": df, "basename": basename, "dirname": dirname,
    "realpath": realpath, "readlink": realpath,
}  # fmt: skip
