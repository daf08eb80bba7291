"""Episodes that somebody else may have written: sound, or CorruptEpisode, and never anything else."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agent.episode import Episode, Step
from agent.outcome import Outcome
from agent.run import Run
from environments.errors import CorruptEpisode
from environments.journal import JOURNAL, Record, encode, read_journal
from tests.agent.furnished import furnished_run
from tests.agent.scenes import DONE, TAP


@pytest.fixture
def recorded(tmp_path: Path) -> tuple[Run, list[Step]]:
    return furnished_run(tmp_path)


def rewritten(folder: Path, change: Callable[[Record], Any]) -> Episode:
    """The episode with each record changed and sound checksums."""
    path = folder / JOURNAL
    records = [json.loads(line[9:]) for line in path.read_bytes().splitlines()]
    for record in records:
        change(record)
    path.write_bytes(b"".join(encode(record) for record in records))
    return Episode(folder)


def read_all(episode: Episode) -> None:
    """Everything that an episode can be asked for."""
    _ = (episode.outcome, episode.reason, episode.goal, episode.header, len(episode))
    list(episode)
    list(episode.requests())


def in_records(kind: str, key: str, value: Any) -> Callable[[Record], None]:
    def change(record: Record) -> None:
        if record["kind"] == kind:
            record[key] = value

    return change


HOSTILE: list[tuple[str, str, Any]] = [
    ("outcome", "outcome", "won"), ("outcome", "outcome", []), ("outcome", "outcome", None),
    ("observation", "frame", "../../../etc/passwd"), ("observation", "frame", "/etc/passwd\x00"),
    ("observation", "frame", "0" * 64), ("observation", "frame", "A" * 64), ("observation", "frame", 5),
    ("observation", "frame", ["0"] * 64), ("observation", "frame", {}), ("observation", "screen", [1, 2]),
    ("observation", "screen", "abcd"), ("observation", "screen", [[], [], [], []]), ("observation", "window", [1]),
    ("observation", "window", [1, 2, 3]), ("observation", "display", 5), ("observation", "rotation", "up"),
    ("observation", "keyboard_shown", "perhaps"), ("observation", "elements", {"a": 1}),
    ("observation", "elements", [[1, 2]]), ("observation", "elements", [["r", "n", "t", 5, None, 0]]),
    ("observation", "elements", [["r", "n", "t", [], [1, 2], 0]]), ("observation", "elements_absent", None),
    ("observation", "capture_ms", "fast"), ("observation", "id", 1), ("observation", "time", []),
    ("request", "same", "x"), ("request", "same", None), ("request", "same", -1), ("request", "same", 99),
    ("request", "messages", 5), ("request", "messages", [5]),
    ("request", "messages", [{"role": "root", "parts": []}]), ("request", "messages", [{"role": "user"}]),
    ("request", "messages", [{"role": "user", "parts": [5]}]), ("request", "sampling", [1, 2, 3, 4]),
    ("request", "messages", [{"role": "user", "parts": [{"frame": "../x"}]}]), ("request", "sampling", {"a": 1}),
    ("request", "grammar", "x"),
    ("reply", "text", 5), ("reply", "text", None), ("reply", "token_ids", "abc"), ("reply", "token_ids", 5),
    ("reply", "image_sizes", [[1]]), ("reply", "image_sizes", [["a", "b"]]), ("reply", "usage", [1, 2, 3]),
    ("reply", "timings", ["a", "b"]), ("reply", "truncated", "never"),
    ("step", "acts", ["tap"]), ("step", "acts", [{"type": "fly"}]), ("step", "acts", 5), ("step", "acts", [[]]),
    ("step", "acts", [{"type": "finish", "status": "won"}]), ("step", "effects", [["perhaps"]]),
    ("step", "effects", [[]]), ("step", "effects", [["done", 1]]), ("step", "effects", [["done", "", "", ""]]),
    ("step", "effects", None), ("step", "effects", "done"), ("step", "milliseconds", {"model": "slow"}),
    ("step", "milliseconds", [1]), ("settled", "settled", ["a"]),
    ("settled", "settled", [1, 2, 3, 4]), ("settled", "settled", None),
]  # fmt: skip


@pytest.mark.parametrize(("kind", "key", "value"), HOSTILE, ids=[f"{k}-{n}-{v!r}"[:60] for k, n, v in HOSTILE])
def test_a_value_of_the_wrong_kind_is_a_corrupt_episode(kind: str, key: str, value: Any, tmp_path: Path) -> None:
    run, _ = furnished_run(tmp_path, [TAP, DONE])
    episode = rewritten(run.folder, in_records(kind, key, value))
    with pytest.raises(CorruptEpisode) as refused:
        read_all(episode)
    assert "\n" not in str(refused.value)


def test_a_key_that_a_later_handeye_may_write_is_passed_over(tmp_path: Path) -> None:
    run, live = furnished_run(tmp_path, [TAP, DONE])

    def add(record: Record) -> None:
        record["later"] = 1
        if record["kind"] == "step":
            record["milliseconds"]["later"] = 1.5

    assert list(rewritten(run.folder, add)) == live


def test_a_missing_key_is_a_corrupt_episode_or_makes_no_difference(tmp_path: Path) -> None:
    run, live = furnished_run(tmp_path, [TAP, DONE])
    journal = (run.folder / JOURNAL).read_bytes()
    corrupt = set()
    for record in read_journal(run.folder).records[1:]:
        for gone in set(record) - {"kind"}:
            (run.folder / JOURNAL).write_bytes(journal)
            episode = rewritten(run.folder, remover(record["kind"], gone))
            try:
                read_all(episode)
            except CorruptEpisode:
                corrupt.add((record["kind"], gone))
            else:
                assert len(episode) == len(live)
    assert {("observation", "frame"), ("request", "same"), ("reply", "text"), ("step", "effects")} <= corrupt


def remover(kind: str, key: str) -> Callable[[Record], Any]:
    return lambda record: record.pop(key, None) if record["kind"] == kind else None


RECORDS = st.fixed_dictionaries(
    {
        "kind": st.sampled_from(
            ["observation", "request", "reply", "intent", "result", "settled", "step", "outcome", "x"]
        )
    },
    optional={
        key: st.recursive(
            st.none() | st.booleans() | st.integers(-3, 3) | st.text(max_size=3),
            lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=2), inner, max_size=2),
            max_leaves=4,
        )
        for key in ("acts", "effects", "effect", "settled", "text", "messages", "same", "sampling", "outcome", "frame")
    },
)


@settings(deadline=None)
@given(st.lists(RECORDS, max_size=8), st.booleans())
def test_records_in_any_order_with_anything_in_them_are_corrupt_or_readable(
    tmp_path_factory: pytest.TempPathFactory, records: list[Record], sound_start: bool
) -> None:
    folder = tmp_path_factory.mktemp("hostile")
    head = [{"kind": "journal", "version": 1}] if sound_start else []
    (folder / JOURNAL).write_bytes(b"".join(encode(record) for record in [*head, *records]))
    try:
        read_all(Episode(folder))
    except CorruptEpisode as refused:
        assert str(refused)  # noqa: PT017


def test_a_result_without_an_intent_is_corrupt(tmp_path: Path) -> None:
    run, _ = furnished_run(tmp_path, [TAP, DONE])
    lines = (run.folder / JOURNAL).read_bytes().splitlines(keepends=True)
    kept = [line for line in lines if not any(b'"kind":"%s"' % kind in line for kind in (b"intent", b"step"))]
    (run.folder / JOURNAL).write_bytes(b"".join(kept))
    with pytest.raises(CorruptEpisode):
        list(run.episode)


def test_a_frame_that_is_missing_or_holds_other_pixels_is_corrupt(recorded: tuple[Run, list[Step]]) -> None:
    run, live = recorded
    frames = sorted((run.folder / "frames").iterdir())
    last = run.folder / "frames" / f"{live[-1].observation.frame.hash}.png"
    other = next(path for path in frames if path != last)
    last.write_bytes(other.read_bytes())
    assert run.episode[0] == live[0]
    with pytest.raises(CorruptEpisode, match="other pixels"):
        run.episode[-1]
    last.unlink()
    with pytest.raises(CorruptEpisode, match="cannot be read"):
        list(run.episode)
    assert run.episode.outcome is Outcome.SUCCESS


def test_a_folder_without_an_episode_is_corrupt(tmp_path: Path) -> None:
    for folder in (tmp_path, tmp_path / "nowhere"):
        with pytest.raises(CorruptEpisode, match="holds no"):
            Episode(folder)
    (tmp_path / JOURNAL).write_bytes(b"")
    with pytest.raises(CorruptEpisode, match="no readable journal"):
        Episode(tmp_path)
