"""The phone's files: in memory, bounded, and with no way to the host's."""

import posixpath
import stat
import threading
import time
from dataclasses import dataclass, field

MAX_BYTES = 64_000_000
MAX_FILES = 10_000
MAX_NAME = 255


class FileError(OSError):
    """An error of the phone's file system, with the words that Android's tools use in `strerror`."""


@dataclass
class Entry:
    """A file, or with `data` None a folder. `mode` has the type bits of stat(2); `mtime` is in seconds since 1970."""

    mode: int
    data: bytearray | None = None
    mtime: int = field(default_factory=lambda: int(time.time()))

    @property
    def is_folder(self) -> bool:
        return self.data is None

    @property
    def size(self) -> int:
        return 4096 if self.data is None else len(self.data)


class Files:
    """Absolute POSIX paths; `..` is resolved inside and never leads out. Safe from any thread. Raises FileError."""

    def __init__(self) -> None:
        self._lock = threading.RLock()
        self._entries: dict[str, Entry] = {"/": Entry(stat.S_IFDIR | 0o755)}
        for folder in ("/sdcard", "/sdcard/Download", "/sdcard/DCIM", "/sdcard/Pictures", "/data", "/data/local",
                       "/data/local/tmp", "/system", "/system/bin", "/proc"):  # fmt: skip
            self.make_folder(folder)

    def resolve(self, path: str, cwd: str = "/") -> str:
        """The one absolute name of a path. Raises FileError for NUL and for names that are too long."""
        if "\0" in path or any(len(part.encode("utf-8", "surrogatepass")) > MAX_NAME for part in path.split("/")):
            raise FileError(36, "File name too long" if "\0" not in path else "Invalid argument")
        absolute = posixpath.normpath(posixpath.join(cwd, path))
        absolute = "/" + absolute.lstrip("/")
        for alias in ("/storage/emulated/0", "/mnt/sdcard", "/storage/self/primary"):
            if absolute == alias or absolute.startswith(alias + "/"):
                return "/sdcard" + absolute[len(alias) :]
        return absolute

    def stat(self, path: str) -> Entry | None:
        """The entry, or None when there is none."""
        return self._entries.get(self.resolve(path))

    def read(self, path: str) -> bytes:
        entry = self._find(path)
        if entry.data is None:
            raise FileError(21, "Is a directory")
        return bytes(entry.data)

    def write(
        self, path: str, data: bytes, *, append: bool = False, mode: int = 0o644, mtime: int | None = None
    ) -> None:
        """Create or replace a file, or add to it."""
        with self._lock:
            name = self.resolve(path)
            old = self._entries.get(name)
            if old is not None and old.is_folder:
                raise FileError(21, "Is a directory")
            self._check_parent(name)
            kept = old.data if append and old is not None and old.data is not None else bytearray()
            self._check_room(len(kept) + len(data) - (old.size if old else 0), new=old is None)
            kept += data
            self._entries[name] = Entry(
                stat.S_IFREG | (mode & 0o777), kept, int(time.time()) if mtime is None else mtime
            )

    def make_folder(self, path: str, *, parents: bool = False) -> None:
        with self._lock:
            name = self.resolve(path)
            if name in self._entries:
                if parents and self._entries[name].is_folder:
                    return
                raise FileError(17, "File exists")
            ancestors = [name[:at] for at in range(1, len(name)) if name[at] == "/"] if parents else []
            for folder in ancestors:
                if folder not in self._entries:
                    self.make_folder(folder)
            self._check_parent(name)
            self._check_room(0, new=True)
            self._entries[name] = Entry(stat.S_IFDIR | 0o771)

    def remove(self, path: str, *, recursive: bool = False) -> None:
        with self._lock:
            name = self.resolve(path)
            entry = self._find(name)
            if entry.is_folder:
                if not recursive:
                    raise FileError(21, "Is a directory")
                if name == "/":
                    raise FileError(30, "Read-only file system")
                for child in [known for known in self._entries if known.startswith(name + "/")]:
                    del self._entries[child]
            del self._entries[name]

    def list(self, path: str) -> list[str]:
        """The names in a folder, sorted."""
        with self._lock:
            name = self.resolve(path)
            if not self._find(name).is_folder:
                raise FileError(20, "Not a directory")
            prefix = name if name == "/" else name + "/"
            inside = [known[len(prefix) :] for known in self._entries if known.startswith(prefix) and known != name]
            return sorted(rest for rest in inside if "/" not in rest)

    def move(self, source: str, target: str) -> None:
        """Rename a file (not a folder)."""
        with self._lock:
            data = self.read(source)
            self.write(target, data)
            self.remove(source)

    def _find(self, path: str) -> Entry:
        entry = self._entries.get(self.resolve(path))
        if entry is None:
            raise FileError(2, "No such file or directory")
        return entry

    def _check_parent(self, name: str) -> None:
        parent = self._entries.get(posixpath.dirname(name))
        if parent is None:
            raise FileError(2, "No such file or directory")
        if not parent.is_folder:
            raise FileError(20, "Not a directory")

    def _check_room(self, more: int, *, new: bool) -> None:
        used = sum(len(entry.data) for entry in self._entries.values() if entry.data is not None)
        if used + more > MAX_BYTES or (new and len(self._entries) >= MAX_FILES):
            raise FileError(28, "No space left on device")
