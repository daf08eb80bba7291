"""The journal and its frames: whatever happens to the process or the disk, what was written before is read back."""

import errno
import json
import os
import random
import signal
import subprocess
import sys
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from environments import journal as journal_module
from environments.errors import CorruptEpisode, RecorderFailed
from environments.frame import Frame
from environments.geometry import Size
from environments.journal import FRAMES, JOURNAL, VERSION, FrameStore, Journal, decode, encode, read_journal

ROOT = Path(__file__).parents[2]


def noise(seed: int, width: int = 20, height: int = 10) -> Frame:
    return Frame(Size(width, height), random.Random(seed).randbytes(3 * width * height))  # noqa: S311


def five_records(folder: Path) -> bytes:
    """A journal of five records; its bytes."""
    journal = Journal(folder)
    for number in range(4):
        journal.write("step", number=number, text="żółw <br/>\n ツ 😀 \u2028 \"'\\")
    journal.close()
    return (folder / JOURNAL).read_bytes()


def numbers(folder: Path) -> list[int]:
    return [record["number"] for record in read_journal(folder).records if record["kind"] == "step"]


class FailingWrites:
    """Takes the place of os.write: after `allowed` bytes the disk takes no more, and answers as real ones do."""

    def __init__(self, allowed: int, code: int) -> None:
        self.allowed, self._code = allowed, code
        self._write = os.write

    def __call__(self, file: int, data: bytes) -> int:
        if not self.allowed:
            raise OSError(self._code, os.strerror(self._code))
        count = self._write(file, data[: self.allowed])
        self.allowed -= count
        return count


def test_records_come_back_in_order_with_kind_and_time(tmp_path: Path) -> None:
    ticks = iter([10.0, 10.0, 10.5, 12.25])
    journal = Journal(tmp_path / "a" / "b", clock=lambda: next(ticks))
    journal.write("note", text="żółw\n😀", nested={"a": [1, 2.5, None, True]})
    journal.write("end", durable=True)
    journal.close()
    reading = read_journal(tmp_path / "a" / "b")
    assert not reading.dropped
    first, *rest = reading.records
    assert (first["kind"], first["version"], first["t"]) == ("journal", VERSION, 0)
    assert rest == [
        {"kind": "note", "t": 0.5, "text": "żółw\n😀", "nested": {"a": [1, 2.5, None, True]}},
        {"kind": "end", "t": 2.25},
    ]


def test_it_can_be_read_while_it_is_written(tmp_path: Path) -> None:
    journal = Journal(tmp_path)
    for number in range(3):
        journal.write("step", number=number)
        assert numbers(tmp_path) == list(range(number + 1))
    journal.close()


def test_a_journal_cut_at_any_byte_loads_and_says_what_was_dropped(tmp_path: Path) -> None:
    whole = five_records(tmp_path / "whole")
    ends = [at + 1 for at, byte in enumerate(whole) if byte == ord("\n")]
    cut = tmp_path / "cut"
    cut.mkdir()
    for length in range(len(whole) + 1):
        (cut / JOURNAL).write_bytes(whole[:length])
        complete = sum(end <= length for end in ends)
        if complete == 0:
            with pytest.raises(CorruptEpisode, match="holds no readable journal"):
                read_journal(cut)
            continue
        reading = read_journal(cut)
        assert len(reading.records) == complete
        assert numbers(cut) == list(range(complete - 1))
        if length in ends:
            assert not reading.dropped
        else:
            assert reading.dropped == f"line {complete + 1} is torn; it and what follows were dropped"


def test_a_flipped_byte_anywhere_ends_the_reading_at_its_line(tmp_path: Path) -> None:
    whole = five_records(tmp_path / "whole")
    folder = tmp_path / "flipped"
    folder.mkdir()
    for at in range(whole.index(b"\n") + 1, len(whole)):
        line = whole[:at].count(b"\n")
        for mask in (0x01, 0x20, 0x80):
            (folder / JOURNAL).write_bytes(whole[:at] + bytes([whole[at] ^ mask]) + whole[at + 1 :])
            reading = read_journal(folder)
            assert len(reading.records) == line, f"byte {at}"
            assert reading.dropped.startswith(f"line {line + 1} is torn")


@given(st.binary(max_size=200))
def test_no_line_of_any_bytes_is_taken_for_a_record(data: bytes) -> None:
    assert decode(data) is None
    assert decode(data + b"\n") is None


@given(st.dictionaries(st.text(max_size=20), st.none() | st.integers() | st.text() | st.booleans(), max_size=5))
def test_a_record_is_one_line_and_comes_back(fields: dict[str, Any]) -> None:
    record = {**fields, "kind": "any"}
    line = encode(record)
    assert line.count(b"\n") == 1
    assert decode(line) == record
    for damaged in (line[:-1], line[1:], line + b"x", b" " + line, line.replace(b" ", b"  ", 1)):
        assert decode(damaged) is None


def test_json_that_is_no_record_is_no_record(tmp_path: Path) -> None:
    for value in ([1], "kind", {"t": 0}, {"kind": 5}, None):
        assert decode(encode(value)) is None  # type: ignore[arg-type]
    endless = b'{"kind":' + b"[" * 100_000
    assert decode(b"%08x %s\n" % (zlib.crc32(endless), endless)) is None


def test_what_json_cannot_hold_is_never_half_written(tmp_path: Path) -> None:
    journal = Journal(tmp_path)
    for value in (float("nan"), float("inf"), object(), b"bytes"):
        with pytest.raises((ValueError, TypeError)):
            journal.write("bad", value=value)
    journal.write("step", number=0)
    journal.close()
    assert numbers(tmp_path) == [0]
    assert not read_journal(tmp_path).dropped


@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EIO, errno.EDQUOT])
def test_a_full_disk_fails_loudly_and_keeps_what_was_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, code: int
) -> None:
    for allowed in (0, 1, 30, 60, 100, 200):
        folder = tmp_path / str(allowed)
        journal = Journal(folder)
        journal.write("step", number=0)
        with monkeypatch.context() as patch:
            patch.setattr(os, "write", FailingWrites(allowed, code))
            with pytest.raises(RecorderFailed, match="cannot record to"):
                _write_many(journal)
        # The disk has room again, but what is missing in the middle cannot be made up for.
        with pytest.raises(RecorderFailed):
            journal.write("step", number=1000)
        with pytest.raises(RecorderFailed):
            journal.frame(noise(1))
        journal.close()
        found = numbers(folder)
        assert found == list(range(len(found)))
        assert found


def _write_many(journal: Journal) -> None:
    for number in range(1, 100):
        journal.write("step", number=number)


def test_a_real_limit_on_the_size_of_files_fails_loudly(tmp_path: Path) -> None:
    script = """
import resource, signal, sys
from pathlib import Path
from environments.errors import RecorderFailed
from environments.journal import Journal
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
journal = Journal(Path(sys.argv[1]))
resource.setrlimit(resource.RLIMIT_FSIZE, (10_000, 10_000))
for number in range(10_000):
    try:
        journal.write("step", number=number, text="x" * 50)
    except RecorderFailed as error:
        print(number, error)
        break
"""
    done = subprocess.run(
        [sys.executable, "-c", script, str(tmp_path)], cwd=ROOT, capture_output=True, text=True, check=True, timeout=30
    )
    number, message = done.stdout.split(" ", 1)
    assert message.startswith("cannot record to")
    assert (tmp_path / JOURNAL).stat().st_size <= 10_000
    assert numbers(tmp_path) == list(range(int(number)))
    assert int(number) > 50


def test_a_killed_process_loses_no_record_that_was_written(tmp_path: Path) -> None:
    script = """
import os, sys
from pathlib import Path
from environments.journal import Journal
journal = Journal(Path(sys.argv[1]))
for number in range(500):
    journal.write("step", number=number)
os.kill(os.getpid(), 9)
"""
    done = subprocess.run([sys.executable, "-c", script, str(tmp_path)], cwd=ROOT, check=False, timeout=30)
    assert done.returncode == -signal.SIGKILL
    assert numbers(tmp_path) == list(range(500))
    assert not read_journal(tmp_path).dropped


def test_a_second_journal_in_one_folder_is_refused_and_harms_nothing(tmp_path: Path) -> None:
    before = five_records(tmp_path)
    with pytest.raises(RecorderFailed, match="holds an episode already") as caught:
        Journal(tmp_path)
    assert caught.value.fix
    assert (tmp_path / JOURNAL).read_bytes() == before


def test_a_folder_that_cannot_be_made_is_a_recorder_that_failed(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(RecorderFailed, match="cannot record to"):
        Journal(tmp_path / "file" / "episode")


def test_a_closed_journal_takes_nothing_more(tmp_path: Path) -> None:
    journal = Journal(tmp_path)
    journal.close()
    journal.close()
    with pytest.raises(RecorderFailed):
        journal.write("step", number=0)


def test_others_cannot_read_what_was_on_the_screen(tmp_path: Path) -> None:
    folder = tmp_path / "episode"
    journal = Journal(folder)
    journal.frame(noise(1))
    journal.close()
    assert [path.stat().st_mode & 0o077 for path in (folder, folder / JOURNAL, folder / FRAMES)] == [0, 0, 0]


@pytest.mark.parametrize("content", [b"", b"\n", b"hello\n", b'{"kind":"journal","version":1}\n'])
def test_what_is_no_journal_is_refused(tmp_path: Path, content: bytes) -> None:
    (tmp_path / JOURNAL).write_bytes(content)
    with pytest.raises(CorruptEpisode, match="holds no readable journal"):
        read_journal(tmp_path)


def test_a_folder_without_a_journal_is_refused(tmp_path: Path) -> None:
    with pytest.raises(CorruptEpisode, match="holds no episode"):
        read_journal(tmp_path / "nowhere")


@pytest.mark.parametrize("version", [0, 2, "1", None])
def test_a_version_that_is_not_known_is_refused(tmp_path: Path, version: Any) -> None:
    (tmp_path / JOURNAL).write_bytes(encode({"kind": "journal", "t": 0, "version": version}))
    with pytest.raises(CorruptEpisode, match=f"is of version {version}; this handeye reads 1"):
        read_journal(tmp_path)


def test_a_line_without_end_is_read_no_further_than_the_limit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    five_records(tmp_path)
    with (tmp_path / JOURNAL).open("ab") as file:
        file.write(b"x" * 5000)
    monkeypatch.setattr(journal_module, "MAX_LINE", 1000)
    reading = read_journal(tmp_path)
    assert len(reading.records) == 5
    assert reading.dropped.startswith("line 6")


def test_frames_are_stored_once_and_come_back(tmp_path: Path) -> None:
    journal = Journal(tmp_path)
    frames = [noise(1), noise(2), noise(1)]
    names = [journal.frame(frame) for frame in frames]
    journal.close()
    assert names == [frame.hash for frame in frames]
    assert sorted(path.name for path in (tmp_path / FRAMES).iterdir()) == sorted({f"{name}.png" for name in names})
    store = FrameStore(tmp_path / FRAMES)
    assert [store.get(name) for name in names] == frames


def test_a_frame_is_on_disk_before_the_line_that_names_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    events: list[str] = []
    real_write, real_fsync, real_replace = os.write, os.fsync, Path.replace

    def write(file: int, data: bytes) -> int:
        events.append("line" if b'"step"' in data else "other line")
        return real_write(file, data)

    def fsync(file: int) -> None:
        events.append("synced")
        real_fsync(file)

    def replace(path: Path, target: Path) -> Path:
        events.append("named")
        return real_replace(path, target)

    journal = Journal(tmp_path)
    monkeypatch.setattr(os, "write", write)
    monkeypatch.setattr(os, "fsync", fsync)
    monkeypatch.setattr(Path, "replace", replace)
    name = journal.frame(noise(1))
    assert FrameStore(tmp_path / FRAMES).get(name) == noise(1)
    journal.write("step", frame=name)
    assert events == ["synced", "named", "line"]
    journal.close()


def test_a_process_killed_while_it_stores_a_frame_leaves_no_half_frame(tmp_path: Path) -> None:
    script = """
import os, sys
from pathlib import Path
from environments import journal as module
from environments.frame import Frame
from environments.geometry import Size
journal = module.Journal(Path(sys.argv[1]))
journal.frame(Frame(Size(2, 1), bytes(6)))
module.os.fsync = lambda file: os.kill(os.getpid(), 9)
journal.frame(Frame(Size(1, 2), bytes(6)))
"""
    done = subprocess.run([sys.executable, "-c", script, str(tmp_path)], cwd=ROOT, check=False, timeout=30)
    assert done.returncode == -signal.SIGKILL
    whole, half = Frame(Size(2, 1), bytes(6)), Frame(Size(1, 2), bytes(6))
    store = FrameStore(tmp_path / FRAMES)
    assert store.get(whole.hash) == whole
    with pytest.raises(CorruptEpisode, match="cannot be read"):
        store.get(half.hash)
    assert FrameStore(tmp_path / FRAMES).put(half) == half.hash
    assert store.get(half.hash) == half


def test_a_frame_that_cannot_be_stored_fails_the_recorder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(file: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    journal = Journal(tmp_path)
    journal.write("step", number=0)
    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(RecorderFailed, match="No space left"):
        journal.frame(noise(1))
    with pytest.raises(RecorderFailed):
        journal.write("step", number=1)
    journal.close()
    assert numbers(tmp_path) == [0]


@pytest.mark.parametrize(
    "name",
    [
        "", ".", "..", "../journal", "/etc/passwd", "a" * 63, "a" * 65, "A" * 64, "g" * 64, "a" * 63 + "/",
        "../" * 21 + "a", "a" * 63 + "\n", "a" * 32 + "\x00" + "a" * 31, "٠" * 64, "x" * 100_000,
    ],
)  # fmt: skip
def test_the_frame_store_refuses_whatever_is_no_hash(tmp_path: Path, name: str) -> None:
    with pytest.raises(CorruptEpisode, match="is no frame's hash") as caught:
        FrameStore(tmp_path).get(name)
    assert "\n" not in str(caught.value)
    assert len(str(caught.value)) < 500


def wrong_contents() -> dict[str, Callable[[bytes], bytes]]:
    return {
        "another frame": lambda _: noise(2).png(),
        "the same bytes in another shape": lambda _: noise(1, 10, 20).png(),
        "cut": lambda data: data[: len(data) // 2],
        "empty": lambda _: b"",
        "no image": lambda _: b"hello",
        "a flipped bit": lambda data: data[:60] + bytes([data[60] ^ 1]) + data[61:],
    }


@pytest.mark.parametrize("wrong", wrong_contents())
def test_the_frame_store_refuses_what_is_not_what_its_name_says(tmp_path: Path, wrong: str) -> None:
    name = FrameStore(tmp_path).put(noise(1))
    path = tmp_path / f"{name}.png"
    path.write_bytes(wrong_contents()[wrong](path.read_bytes()))
    with pytest.raises(CorruptEpisode):
        FrameStore(tmp_path).get(name)


def test_the_frame_store_refuses_a_file_that_is_too_large(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    name = FrameStore(tmp_path).put(noise(1))
    monkeypatch.setattr(journal_module, "MAX_FILE_BYTES", 10)
    with pytest.raises(CorruptEpisode, match="is larger than 10 bytes"):
        FrameStore(tmp_path).get(name)


def test_a_frame_whose_rows_are_missing_is_not_made_up_in_black(tmp_path: Path) -> None:
    """Pillow fills rows that a complete but short stream does not hold; the name gives it away."""
    frame = noise(1)
    store = FrameStore(tmp_path)
    path = tmp_path / f"{store.put(frame)}.png"
    half = Frame(Size(20, 5), frame.pixels[: 3 * 20 * 5]).png()
    width_and_height = frame.png()[8:33]  # the IHDR chunk of the whole
    path.write_bytes(half[:8] + width_and_height + half[33:])
    with pytest.raises(CorruptEpisode):
        FrameStore(tmp_path).get(frame.hash)


def test_lines_are_plain_json_behind_a_checksum(tmp_path: Path) -> None:
    for line in five_records(tmp_path).splitlines():
        checksum, body = line.split(b" ", 1)
        assert int(checksum, 16) >= 0
        assert len(checksum) == 8
        assert json.loads(body)["kind"]
        assert body.isascii()
