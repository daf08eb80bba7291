"""Tables: every cell is there, as it is, and harmless."""

from pathlib import Path

import pytest

from tools.config import FIELDS, load
from tools.tables import print_config, print_table


@pytest.fixture(autouse=True)
def plain_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("FORCE_COLOR", "TTY_COMPATIBLE", "COLUMNS"):
        monkeypatch.delenv(name, raising=False)


def test_a_row_is_a_line_in_a_pipe(capsys: pytest.CaptureFixture[str]) -> None:
    print_table(("what", "how much"), [("first", "1"), ("a long name " * 12, "2")])
    lines = capsys.readouterr().out.splitlines()
    assert [line.split() for line in lines[:2]] == [["what", "how", "much"], ["first", "1"]]
    assert lines[2].startswith("a long name " * 12)
    assert lines[2].split()[-1] == "2"
    assert len(lines) == 3


def test_cells_are_neither_markup_nor_commands(capsys: pytest.CaptureFixture[str]) -> None:
    print_table(("cell",), [("[red]x[/red]",), ("\x1b[2J",), ("one\ntwo\u202e",), (":smile:",)])
    assert [line.rstrip() for line in capsys.readouterr().out.splitlines()[1:]] == [
        "[red]x[/red]",
        "␛[2J",
        "one two",
        ":smile:",
    ]


def test_every_setting_with_its_source_and_no_secret(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    (tmp_path / "handeye.toml").write_text("steps = 7\n")
    environ = {"HANDEYE_API_KEY": "sk-secret", "HANDEYE_STEPZ": "1", "HANDEYE_DEVICE": "cpu"}
    print_config(load({"model": "scripted:x"}, cwd=tmp_path, environ=environ))
    out = capsys.readouterr().out
    lines = {line.split()[0]: line for line in out.splitlines()}
    assert {*FIELDS} < set(lines)
    assert lines["model"].split()[1:3] == ["scripted:x", "--model"]
    assert lines["steps"].split()[1:3] == ["7", str(tmp_path / "handeye.toml")]
    assert lines["device"].split()[1:3] == ["cpu", "HANDEYE_DEVICE"]
    assert lines["env"].split()[1:3] == ["desktop:headless", "default"]
    assert "sk-secret" not in out
    assert "HANDEYE_STEPZ is set, but there is no such setting" in out
