"""The sync service: files to and from the phone, in the old forms and the ones that stat_v2, ls_v2 and sendrecv_v2 add.

A request is an id of four letters, a length, and a path; the replies are in the AOSP's file_sync_protocol.h.
"""

import errno
import posixpath
import stat
import struct
import zlib
from contextlib import suppress

from environments.phone.files import Entry, FileError, Files
from environments.phone.wire.stream import Stream

_MAX_PATH = 1024
_MAX_DATA = 64 * 1024
_GATHERED = 1 << 20
_WORD = 0xFFFFFFFF

_STAT = struct.Struct("<4sIII")
_STAT_V2 = struct.Struct("<4sIQQIIIIQqqq")
_DENT = struct.Struct("<4sIIII")
_DENT_V2 = struct.Struct("<4sIQQIIIIQqqqI")
_SYMLINK_OR_FOLDER = "Operation not permitted"


class _Refused(Exception):
    """The words of a FAIL."""


def serve_sync(stream: Stream, files: Files) -> None:
    """Answer requests until QUIT or the end. Raises BrokenPipeError when the client has gone."""
    with suppress(EOFError):
        _Session(stream, files).serve()


class _Session:
    def __init__(self, stream: Stream, files: Files) -> None:
        self._stream, self._files = stream, files
        self._answer = bytearray()

    def serve(self) -> None:
        requests = {
            b"STAT": self._stat,
            b"STA2": lambda path: self._stat_v2(b"STA2", path),
            b"LST2": lambda path: self._stat_v2(b"LST2", path),
            b"LIST": self._list,
            b"LIS2": self._list_v2,
            b"SEND": self._send,
            b"SND2": self._send_v2,
            b"RECV": self._receive,
            b"RCV2": self._receive_v2,
        }
        while True:
            name, length = self._head()
            if name == b"QUIT":
                return
            try:
                if name not in requests:
                    raise _Refused(f"unknown command {int.from_bytes(name, 'little'):08x}")
                if length > _MAX_PATH:
                    raise _Refused("path too long")
            except _Refused as refused:
                self._fail(str(refused))
                return
            requests[name](self._stream.read_exactly(length).decode(errors="surrogateescape"))

    def _head(self) -> tuple[bytes, int]:
        name, length = struct.unpack("<4sI", self._stream.read_exactly(8))
        return name, length

    def _say(self, message: bytes, *, last: bool = False) -> None:
        """One message of an answer, together with others: small packets one behind the other are slow, since the
        server that passes them on to the client waits in between for what it has sent to be acknowledged."""
        self._answer += message
        if last or len(self._answer) > 2 * _MAX_DATA:
            self._stream.write(bytes(self._answer))
            self._answer.clear()

    def _fail(self, words: str) -> None:
        text = words.encode(errors="replace")
        self._stream.write(struct.pack("<4sI", b"FAIL", len(text)) + text)

    # Looking.

    def _find(self, path: str) -> Entry:
        """Raises FileError."""
        _check(path)
        entry = self._files.stat(path)
        if entry is None:
            raise FileError(errno.ENOENT, "No such file or directory")
        return entry

    def _stat(self, path: str) -> None:
        try:
            entry = self._find(path)
        except FileError:
            self._stream.write(_STAT.pack(b"STAT", 0, 0, 0))
        else:
            self._stream.write(_STAT.pack(b"STAT", *_three(entry)))

    def _stat_v2(self, name: bytes, path: str) -> None:
        try:
            entry = self._find(path)
        except FileError as error:
            self._stream.write(_STAT_V2.pack(name, error.errno or errno.EIO, *[0] * 10))
        else:
            self._stream.write(_STAT_V2.pack(name, 0, *_all(self._files.resolve(path), entry)))

    def _entries(self, path: str) -> list[tuple[str, str, Entry]]:
        """Name, whole path and entry of all in a folder, as readdir gives them; none for what is no folder."""
        try:
            _check(path)
            names = [".", "..", *self._files.list(path)]
        except FileError:
            return []
        whole = [(name, self._files.resolve(name, cwd=self._files.resolve(path))) for name in names]
        found = [(name, each, self._files.stat(each)) for name, each in whole]
        return [(name, each, entry) for name, each, entry in found if entry is not None]

    def _list(self, path: str) -> None:
        for name, _, entry in self._entries(path):
            encoded = name.encode()
            self._say(_DENT.pack(b"DENT", *_three(entry), len(encoded)) + encoded)
        self._say(_DENT.pack(b"DONE", 0, 0, 0, 0), last=True)

    def _list_v2(self, path: str) -> None:
        for name, whole, entry in self._entries(path):
            encoded = name.encode()
            self._say(_DENT_V2.pack(b"DNT2", 0, *_all(whole, entry), len(encoded)) + encoded)
        self._say(_DENT_V2.pack(b"DONE", *[0] * 12), last=True)

    # From the phone.

    def _receive_v2(self, path: str) -> None:
        _, flags = self._head()
        if flags:
            self._fail(f"unknown flags: {flags}")
        else:
            self._receive(path)

    def _receive(self, path: str) -> None:
        try:
            entry = self._find(path)
        except FileError as error:
            self._fail(f"open failed: {error.strerror}")
            return
        if entry.data is None:
            self._fail("read failed: Is a directory")
            return
        size = len(entry.data)
        for start in range(0, size, _MAX_DATA):
            data = bytes(entry.data[start : min(size, start + _MAX_DATA)])
            self._say(struct.pack("<4sI", b"DATA", len(data)) + data)
        self._say(struct.pack("<4sI", b"DONE", 0), last=True)

    # To the phone.

    def _send(self, spec: str) -> None:
        path, comma, mode = spec.rpartition(",")
        if not comma:
            self._take(path, 0, "missing , in ID_SEND_V1")
        elif not (mode.isascii() and mode.isdigit() and int(mode) <= _WORD):
            self._take(path, 0, "bad mode")
        else:
            self._take(path, int(mode))

    def _send_v2(self, path: str) -> None:
        _, mode, flags = struct.unpack("<4sII", self._stream.read_exactly(12))
        self._take(path, mode, f"unknown flags: {flags}" if flags else "")

    def _take(self, path: str, mode: int, refusal: str = "") -> None:
        """Read DATA up to DONE into a file. An error is told at once, and the rest of the data passed over."""
        upload = None
        try:
            if refusal:
                raise _Refused(refusal)
            upload = _Upload(self._files, path, mode)
            done = False
            while not done:
                done = self._data(upload)
        except _Refused as refused:
            self._abandon(upload)
            self._fail(str(refused))
            while not self._data(None):
                pass
        except (EOFError, BrokenPipeError):
            self._abandon(upload)
            raise
        else:
            self._stream.write(struct.pack("<4sI", b"OKAY", 0))

    def _data(self, upload: "_Upload | None") -> bool:
        """One message of a push; whether it was the last."""
        name, length = self._head()
        if name == b"DONE":
            if upload is not None:
                upload.finish(mtime=length)
            return True
        if name != b"DATA" or length > _MAX_DATA:
            words = "invalid data message" if name != b"DATA" else "oversize data message"
            if upload is not None:
                upload.abandon()
            self._fail(words)
            raise EOFError(words)
        data = self._stream.read_exactly(length)
        if upload is not None:
            upload.add(data)
        return False

    def _abandon(self, upload: "_Upload | None") -> None:
        if upload is not None:
            upload.abandon()


class _Upload:
    """A file that is being pushed. Each step raises _Refused in the words of adbd."""

    def __init__(self, files: Files, path: str, mode: int) -> None:
        self._files, self._path, self._mode = files, path, mode
        self._gathered = bytearray()
        self._begun = False
        try:
            _check(path)
            files.make_folder(posixpath.dirname(files.resolve(path)), parents=True)
        except FileError as error:
            raise _Refused(f"secure_mkdirs failed: {error.strerror}") from error
        if stat.S_IFMT(mode) not in (0, stat.S_IFREG):
            raise _Refused(f"{'symlink' if stat.S_ISLNK(mode) else 'mknod'} failed: {_SYMLINK_OR_FOLDER}")
        try:
            files.write(path, b"", mode=mode)
        except FileError as error:
            raise _Refused(f"couldn't create file: {error.strerror}") from error
        self._begun = True

    def add(self, data: bytes) -> None:
        self._gathered += data
        if len(self._gathered) >= _GATHERED:
            self._flush()

    def finish(self, mtime: int) -> None:
        self._flush(mtime)

    def abandon(self) -> None:
        if self._begun:
            with suppress(FileError):
                self._files.remove(self._path)

    def _flush(self, mtime: int | None = None) -> None:
        try:
            self._files.write(self._path, bytes(self._gathered), append=True, mode=self._mode, mtime=mtime)
        except FileError as error:
            raise _Refused(f"write failed: {error.strerror}") from error
        self._gathered.clear()


def _check(path: str) -> None:
    """Raises FileError for a name that is not UTF-8, which the phone's storage does not take."""
    try:
        path.encode()
    except UnicodeEncodeError as error:
        raise FileError(errno.EILSEQ, "Illegal byte sequence") from error


def _three(entry: Entry) -> tuple[int, int, int]:
    """Mode, size and time as the old forms have them."""
    return entry.mode, min(entry.size, _WORD), max(0, entry.mtime) & _WORD


def _all(path: str, entry: Entry) -> tuple[int, ...]:
    """Device, inode, mode, links, user, group, size and the three times of the newer forms."""
    links = 2 if entry.is_folder else 1
    times = (entry.mtime,) * 3
    return 1, zlib.crc32(path.encode()) + 1, entry.mode, links, 0, 9997, entry.size, *times
