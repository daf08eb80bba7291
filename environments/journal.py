"""An append-only journal and the frames that it names, written so that a crash at any moment loses nothing.

    journal.jsonl    one record a line: eight hex digits (CRC-32 of the rest), a space, a JSON object
    frames/<hash>.png   named by the hash of the pixels (Frame.hash), written and synced before the line that names it

A record is a JSON object with at least `kind` and `t` (seconds since the journal was opened, monotonic). The first
record has kind `journal` and the version of this format; the file is valid without any footer. A line that is cut
or does not match its checksum ends the reading there: what follows a torn line is not trusted.
"""

import json
import os
import time
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from environments.errors import CorruptEpisode, RecorderFailed
from environments.frame import MAX_FILE_BYTES, Frame

VERSION = 1
JOURNAL = "journal.jsonl"
FRAMES = "frames"
MAX_LINE = 64_000_000

Record = dict[str, Any]


class FrameStore:
    """Frames in a folder, each stored once."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._known: set[str] = set()

    def put(self, frame: Frame) -> str:
        """Store a frame durably and return its hash. Raises OSError."""
        name = frame.hash
        if name in self._known:
            return name
        self._folder.mkdir(exist_ok=True, mode=0o700)
        path = self._path(name)
        if not path.exists():
            part = path.with_suffix(".part")
            with open(part, "wb", opener=_for_the_owner_alone) as file:  # Path.open has no opener
                file.write(frame.png())
                file.flush()
                os.fsync(file.fileno())
            part.replace(path)
        self._known.add(name)
        return name

    def get(self, name: str) -> Frame:
        """Read a frame back. Raises CorruptEpisode when it is missing, unsound, or not what its name says."""
        if len(name) != 64 or not set(name) <= set("0123456789abcdef"):
            raise CorruptEpisode(f"{name[:80]!r} is no frame's hash")
        path = self._path(name)
        try:
            if path.stat().st_size > MAX_FILE_BYTES:
                raise CorruptEpisode(f"frame {name[:12]} is larger than {MAX_FILE_BYTES} bytes")
            data = path.read_bytes()
        except OSError as exc:
            raise CorruptEpisode(f"frame {name[:12]} cannot be read: {exc.strerror}") from exc
        frame = Frame.from_png(data)
        if frame.hash != name:
            raise CorruptEpisode(f"frame {name[:12]} holds other pixels than its name says")
        return frame

    def _path(self, name: str) -> Path:
        return self._folder / f"{name}.png"


def _for_the_owner_alone(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)


class Journal:
    """The writer: one per folder, which holds no journal yet.

    Raises RecorderFailed when anything cannot be written, and stays failed then.
    """

    def __init__(self, folder: Path, clock: Callable[[], float] = time.monotonic) -> None:
        self.folder = folder
        self._clock = clock
        self._start = clock()
        self._failed = ""
        try:
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            self._file = os.open(folder / JOURNAL, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_APPEND, 0o600)
        except FileExistsError as exc:
            raise RecorderFailed(f"{folder} holds an episode already", fix="choose another folder") from exc
        except OSError as exc:
            raise RecorderFailed(f"cannot record to {folder}: {exc.strerror}") from exc
        self._frames = FrameStore(folder / FRAMES)
        self.write("journal", version=VERSION, wall_time=time.time())

    def frame(self, frame: Frame) -> str:
        """Store a frame and return the hash by which records name it."""
        self._check()
        try:
            return self._frames.put(frame)
        except OSError as exc:
            raise self._fail(exc) from exc

    def write(self, kind: str, *, durable: bool = False, **fields: Any) -> None:
        """Append a record. It survives the death of this process; with `durable` a power cut too."""
        self._check()
        line = encode({"kind": kind, "t": round(self._clock() - self._start, 6), **fields})
        try:
            written = os.write(self._file, line)
            if written != len(line):
                raise OSError(28, "the disk is full")
            if durable:
                os.fsync(self._file)
        except OSError as exc:
            raise self._fail(exc) from exc

    def close(self) -> None:
        """Let go of the folder. Safe to call twice."""
        if self._file >= 0:
            os.close(self._file)
            self._file = -1

    def _check(self) -> None:
        if self._failed:
            raise RecorderFailed(self._failed)

    def _fail(self, error: OSError) -> RecorderFailed:
        self._failed = f"cannot record to {self.folder}: {error.strerror}"
        return RecorderFailed(self._failed)


@dataclass(frozen=True)
class JournalReading:
    """The sound records of a journal, in order, and what was dropped at its end, if anything."""

    records: tuple[Record, ...]
    dropped: str = ""


def read_journal(folder: Path) -> JournalReading:
    """Read a journal as far as it is sound. Raises CorruptEpisode when there is none or its version is unknown."""
    records: list[Record] = []
    dropped = ""
    try:
        with (folder / JOURNAL).open("rb") as file:
            for number, line in enumerate(_lines(file), 1):
                record = decode(line)
                if record is None:
                    dropped = f"line {number} is torn; it and what follows were dropped"
                    break
                records.append(record)
    except OSError as exc:
        raise CorruptEpisode(f"{folder} holds no episode: {exc.strerror}") from exc
    if not records or records[0]["kind"] != "journal":
        raise CorruptEpisode(f"{folder} holds no readable journal")
    if records[0].get("version") != VERSION:
        raise CorruptEpisode(f"{folder} is of version {records[0].get('version')}; this handeye reads {VERSION}")
    return JournalReading(tuple(records), dropped)


def encode(record: Record) -> bytes:
    """A record as one line with its checksum."""
    body = json.dumps(record, ensure_ascii=True, separators=(",", ":"), allow_nan=False).encode()
    return b"%08x %s\n" % (zlib.crc32(body), body)


def decode(line: bytes) -> Record | None:
    """The record of one line, or None when the line is not exactly what `encode` writes."""
    if len(line) < 10 or line[8:9] != b" " or not line.endswith(b"\n"):
        return None
    body = line[9:-1]
    if line[:8] != b"%08x" % zlib.crc32(body):
        return None
    try:
        record = json.loads(body)
    except (ValueError, RecursionError):  # the second from brackets without end
        return None
    return record if isinstance(record, dict) and isinstance(record.get("kind"), str) else None


def _lines(file: Any) -> Iterator[bytes]:
    while line := file.readline(MAX_LINE):
        yield line
