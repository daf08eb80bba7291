"""The bench of the desktop: that it measures what it names. How fast anything is belongs to no test."""

import json
import random
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import IO, Any

import pytest

from agent.model import Reply, Request
from agent.models.scripted import ScriptedModel
from environments.action import Tap
from environments.desktop.driver import DesktopEnvironment
from environments.errors import HandeyeError, MissingExtra
from environments.frame import Frame
from environments.geometry import Size
from environments.journal import Journal
from environments.registry import InvalidOption
from environments.stop import Stop
from tests.tools.command import ROOT, wait_until
from tools import bench_desktop, cli, soak
from tools.bench_desktop import measure, print_rows
from tools.peer import median_ms
from tools.soak import soak_figures

NAMES = [
    "capture + pixel hash + click",
    "capture + pixel hash, nothing changed",
    "pyautogui.screenshot() + click",
    "the same with PAUSE = 0",
    "times faster than pyautogui as it comes",
    "times faster than with PAUSE = 0",
    "PNG of noise",
    "journal: noise, encoded, written and synced",
    "Qwen2-VL processor: noise",
    "PNG of desktop",
    "journal: desktop, encoded, written and synced",
    "Qwen2-VL processor: desktop",
    "import agent, environments",
    "from handeye import Agent, Tap, open_environment, open_model",
    "handeye --help",
]
TEXTS = {"name", "bar", "why", "absent"}


def check_figures(rows: list[dict[str, Any]]) -> None:
    for row in rows:
        figures = {key: value for key, value in row.items() if key not in TEXTS}
        assert figures, row
        for key, value in figures.items():
            assert isinstance(value, int | float), (row["name"], key)


def settling(movements: tuple[tuple[float, float], ...]) -> list[str]:
    return [f"settle after {seconds:g} s at {fps:g} pictures a second" for seconds, fps in movements]


@pytest.fixture
def no_processor(monkeypatch: pytest.MonkeyPatch) -> None:
    """As where the extra [vlm] is not installed, which spares the seconds that torch needs."""

    class Absent:
        def prepare_inputs(self, request: object) -> object:
            raise MissingExtra("Qwen2-VL", "vlm", "torch")

    monkeypatch.setattr(bench_desktop, "open_model", lambda spec: Absent())


@pytest.mark.display
def test_each_row_is_measured(
    no_processor: None, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    movements = ((0.1, 60.0),)
    monkeypatch.setattr(bench_desktop, "MOVEMENTS", movements)
    machine, *rows = measure(repeat=5, soak=0, quiet=True)
    assert capfd.readouterr() == ("", "")
    assert machine["name"] == "machine"
    assert set(machine) == {"name", "cores", "busy", "why"}
    assert sorted(row["name"] for row in rows) == sorted([*NAMES, *settling(movements)])
    by_name = {row["name"]: row for row in rows}
    for name in ("noise", "desktop"):
        absent = by_name.pop(f"Qwen2-VL processor: {name}")
        assert "'torch'" in absent["absent"]
    check_figures(list(by_name.values()))
    assert by_name["PNG of noise"]["kB"] > 3000  # three bytes a pixel that nothing compresses
    assert by_name["PNG of desktop"]["kB"] < 300
    bars = [row["bar"] for row in rows if "bar" in row]
    assert bars == [
        "at most 15 ms median",
        "at least 7",
        "within 60 ms of the true end",
        "under 300 ms",
        "under 500 ms",
    ]
    json.dumps([machine, *rows], allow_nan=False)


@pytest.mark.slow
@pytest.mark.display
@pytest.mark.model
def test_the_whole_bench_by_its_command(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.argv", ["handeye", "bench", "desktop", "--repeat", "5", "--soak", "260", "--json"])
    with pytest.raises(SystemExit) as end:
        cli.main()
    assert end.value.code == 0
    (line,) = capsys.readouterr().out.splitlines()
    machine, *rows = json.loads(line)
    assert isinstance(machine["busy"], bool)
    expected = [*NAMES, *settling(bench_desktop.MOVEMENTS), "260 steps of a run"]
    assert sorted(row["name"] for row in rows) == sorted(expected)
    check_figures(rows)
    assert {row["visual_tokens"] for row in rows if "visual_tokens" in row} == {1260}


@pytest.mark.parametrize("steps", [1, 200])
def test_too_short_a_memory_test(steps: int) -> None:
    with pytest.raises(InvalidOption, match="more than 200 steps"):
        measure(repeat=5, soak=steps, quiet=True)


# --- the memory test ---


@pytest.mark.display
def test_a_run_of_260_steps_is_weighed() -> None:
    figures = soak_figures(260)
    assert set(figures) == {"bytes_per_step", "child_bytes_per_step", "more_handles", "more_threads"}
    assert all(isinstance(value, int) for value in figures.values())


@pytest.mark.display
def test_growth_is_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    """A model that keeps a megabyte and an open file for each step is noticed."""
    kept: list[tuple[bytes, IO[str]]] = []

    class Leaking(ScriptedModel):
        def complete(self, request: Request, stop: Stop) -> Reply:
            kept.append((random.randbytes(1_000_000), Path("/dev/null").open()))  # noqa: S311, SIM115
            return super().complete(request, stop)

    monkeypatch.setattr(soak, "ScriptedModel", Leaking)
    monkeypatch.setattr(soak, "WARM_UP", 5)
    figures = soak_figures(25)
    for _, file in kept:
        file.close()
    assert figures["bytes_per_step"] > 900_000
    assert figures["more_handles"] > 15


@pytest.mark.display
def test_a_run_that_ends_early_gives_no_figures(monkeypatch: pytest.MonkeyPatch) -> None:
    def move(number: int) -> dict[str, Any]:
        if number == 7:
            return {"action": "finish", "status": "failure", "message": "tired"}
        return {"action": "move", "x": 100 + number, "y": 100}

    monkeypatch.setattr(soak, "WARM_UP", 5)
    monkeypatch.setattr(soak, "_move", move)
    with pytest.raises(HandeyeError, match="the run ended after 8 steps: failure tired"):
        soak_figures(12)


# --- what is measured ---


@pytest.mark.display
def test_the_noisy_program_moves_at_each_click_and_tells_how_long(tmp_path: Path) -> None:
    file = tmp_path / "times"
    with DesktopEnvironment(private=True, size=Size(640, 480)) as desktop:
        bench_desktop._noisy(desktop, file, 0.2, 60.0)
        first = desktop.observe().frame
        colours = first.image().getcolors(1 << 24)
        assert colours is not None
        assert len(colours) > 200_000  # of 307,200 pixels
        assert desktop.observe().frame == first  # it stands still until it is clicked
        assert not file.exists()
        desktop.act(Tap(x=300, y=300), desktop.observe())
        wait_until(file.exists)
        wait_until(lambda: file.read_text().endswith("\n"))
        assert desktop.observe().frame != first
    began, ended = map(float, file.read_text().split())
    assert ended - began >= 0.2


def test_a_settle_is_measured_against_the_true_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The program says that it stopped at second 100; the wait ended at 100.05."""
    file = tmp_path / "times"
    file.write_text("1 2\n")

    class Desktop:
        def observe(self) -> None: ...

        def act(self, action: Tap, seen: None) -> None: ...

        def settle(self) -> None:
            with file.open("a") as lines:
                lines.write("99.4 100.0\n")

    monkeypatch.setattr(time, "monotonic", lambda: 100.05)
    assert bench_desktop._one_settle(Desktop(), file) == pytest.approx(50)  # type: ignore[arg-type]


def test_times_are_in_milliseconds(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = iter([0.0, 0.001, 1.0, 1.003, 2.0, 2.002, 3.0, 3.009, 4.0, 4.004])
    monkeypatch.setattr(time, "perf_counter", lambda: next(clock))
    seen: list[int] = []
    assert bench_desktop._timed(seen.append, 5) == {"median_ms": 3.0, "min_ms": 1.0, "p95_ms": 4.0}
    assert seen == [0, 1, 2, 3, 4]


def test_a_journal_is_written_for_every_time_it_is_measured(monkeypatch: pytest.MonkeyPatch) -> None:
    written: list[Frame] = []
    real = Journal.frame

    def count(journal: Any, frame: Frame) -> str:
        written.append(frame)
        return real(journal, frame)

    monkeypatch.setattr(Journal, "frame", count)
    frame = Frame(Size(4, 4), bytes(48))
    assert set(bench_desktop._journal(frame, 5)) == {"median_ms", "min_ms", "p95_ms"}
    assert written == [frame] * 5


# --- plain pyautogui, for comparison ---


@pytest.mark.display
def test_the_peer_measures_both_pauses() -> None:
    with DesktopEnvironment(private=True, size=Size(320, 240)) as desktop:
        command = [sys.executable, "-m", "tools.peer", "1"]
        done = subprocess.run(
            command, cwd=ROOT, env=desktop.program_environment, capture_output=True, text=True, check=True, timeout=60
        )
    figures = json.loads(done.stdout)
    assert set(figures) == {"default", "pause_0"}
    assert figures["default"] > 100  # its pause alone
    assert figures["pause_0"] > 0


def test_the_peers_median(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[int] = []
    assert median_ms(seen.append, 3) >= 0
    assert seen == [0, 1, 2]


def test_without_pyautogui_its_rows_say_so() -> None:
    class Desktop:
        @property
        def program_environment(self) -> dict[str, str]:
            return {"PATH": "", "DISPLAY": ":987"}

    row = bench_desktop._peer(Desktop(), 5)  # type: ignore[arg-type]
    assert set(row) == {"absent"}
    assert row["absent"]


# --- how it is shown ---

ROWS: list[dict[str, Any]] = [
    {"name": "machine", "cores": 2, "busy": False, "why": ""},
    {"name": "looking [red]", "median_ms": 9.71, "p95_ms": 14.5, "bar": "at most 15 ms"},
    {"name": "processor", "absent": "needs 'torch'"},
]


def test_every_row_is_printed(capsys: pytest.CaptureFixture[str]) -> None:
    print_rows(ROWS)
    lines = capsys.readouterr().out.splitlines()
    assert [line.split() for line in lines] == [
        ["what", "figures", "bar"],
        ["looking", "[red]", "median_ms", "9.71", "p95_ms", "14.5", "at", "most", "15", "ms"],
        ["processor", "absent", "needs", "'torch'"],
    ]


def test_a_busy_machine_is_said_at_the_end(capsys: pytest.CaptureFixture[str]) -> None:
    print_rows([ROWS[0] | {"busy": True, "why": "the load was 9.0"}, *ROWS[1:]])
    last = capsys.readouterr().out.splitlines()[-1]
    assert last == "The machine was busy with something else: the load was 9.0. Measure again."


Given = dict[str, Any]


@pytest.fixture
def measured(monkeypatch: pytest.MonkeyPatch) -> Given:
    """What `measure` is called with; it answers at once."""
    given: Given = {}

    def record(**options: Any) -> list[dict[str, Any]]:
        given.update(options)
        return ROWS

    monkeypatch.setattr(bench_desktop, "measure", record)
    return given


Run = Callable[..., int]


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch) -> Run:
    def run(*arguments: str) -> int:
        monkeypatch.setattr("sys.argv", ["handeye", "bench", "desktop", *arguments])
        with pytest.raises(SystemExit) as end:
            cli.main()
        assert isinstance(end.value.code, int)
        return end.value.code

    return run


def test_the_command_prints_json(measured: Given, run: Run, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("--json", "--repeat", "7", "--soak", "300") == 0
    (line,) = capsys.readouterr().out.splitlines()
    assert json.loads(line) == ROWS
    assert measured == {"repeat": 7, "soak": 300, "quiet": True}


def test_the_command_prints_a_table(measured: Given, run: Run, capsys: pytest.CaptureFixture[str]) -> None:
    assert run() == 0
    assert "looking [red]" in capsys.readouterr().out
    assert measured == {"repeat": 60, "soak": 2000, "quiet": False}


def test_too_few_repetitions_are_refused(measured: Given, run: Run) -> None:
    assert run("--repeat", "4") == 2
    assert not measured
