"""The phone's files, used by several clients at once."""

from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress

import pytest

from environments.phone.files import FileError, Files


def test_many_threads_at_once() -> None:
    files = Files()

    def work(number: int) -> None:
        for turn in range(200):
            path = f"/sdcard/{number}-{turn}"
            files.write(path, b"a" * 10)
            files.write(path, b"b" * 10, append=True)
            assert files.read(path) == b"a" * 10 + b"b" * 10
            assert path.rpartition("/")[2] in files.list("/sdcard")
            files.remove(path)

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(work, range(4)))
    assert files.list("/sdcard") == ["DCIM", "Download", "Pictures"]


def test_appends_of_many_threads_all_arrive() -> None:
    files = Files()
    files.write("/sdcard/log", b"")
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda number: files.write("/sdcard/log", bytes([number]) * 10, append=True), range(200)))
    data = files.read("/sdcard/log")
    assert sorted(data[start] for start in range(0, 2000, 10)) == list(range(200))
    assert all(len(set(data[start : start + 10])) == 1 for start in range(0, 2000, 10))


def test_one_folder_made_by_many() -> None:
    files = Files()

    def work(_: int) -> bool:
        with suppress(FileError):
            files.make_folder("/sdcard/new")
            return True
        return False

    with ThreadPoolExecutor(4) as pool:
        assert sum(pool.map(work, range(50))) == 1


def test_a_folder_as_deep_as_a_name_may_be_long() -> None:
    files = Files()
    files.make_folder("/sdcard/" + "a/" * 2000, parents=True)
    assert files.list("/sdcard/" + "a/" * 1999) == ["a"]


def test_parents_through_a_file() -> None:
    files = Files()
    files.write("/sdcard/file", b"")
    with pytest.raises(FileError, match="Not a directory"):
        files.make_folder("/sdcard/file/x/y", parents=True)
    with pytest.raises(FileError, match="No such file"):
        files.make_folder("/sdcard/x/y")
