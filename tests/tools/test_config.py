"""Which source wins, where each value is said to come from, and what a person reads when something is wrong."""

import json
import os
import subprocess
import sys
import traceback
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import SecretStr, ValidationError

from environments.errors import HandeyeError
from tools.config import FIELDS, ConfigError, Loaded, Settings, config_rows, find_file, load

SECRET = "sk-9f2c-not-for-eyes"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A project's folder with two folders below it, and nothing that configures handeye."""
    (tmp_path / "src" / "deep").mkdir(parents=True)
    return tmp_path


def read(folder: Path, options: dict[str, object] | None = None, **environ: str) -> Loaded:
    return load(options, cwd=folder, environ=environ)


def complaint(folder: Path, options: dict[str, object] | None = None, **environ: str) -> str:
    with pytest.raises(ConfigError) as caught:
        read(folder, options, **environ)
    return str(caught.value)


# --- which source wins ---


def test_defaults_alone(folder: Path) -> None:
    loaded = read(folder)
    assert loaded.settings == Settings()
    assert loaded.sources == dict.fromkeys(FIELDS, "default")
    assert loaded.file is None
    assert loaded.ignored == ()


def test_the_documented_defaults() -> None:
    assert Settings().model_dump() == {
        "env": "desktop:headless",
        "model": "qwen2vl:Qwen/Qwen2-VL-2B-Instruct",
        "dialect": "handeye-json",
        "base_url": None,
        "api_key": None,
        "device": None,
        "steps": 30,
        "seconds": 600.0,
        "screenshots": 1,
        "out": "episodes",
        "stop_file": None,
        "screen_size": "1280x800",
    }


def test_every_field_says_in_one_line_what_it_is() -> None:
    for name, field in Settings.model_fields.items():
        assert field.description, name
        assert "\n" not in field.description


def test_settings_cannot_be_changed(folder: Path) -> None:
    settings = read(folder, {"steps": 5}).settings
    with pytest.raises(ValidationError):
        settings.steps = 6
    assert settings.steps == 5


def test_later_sources_win_one_field_at_a_time(folder: Path) -> None:
    file = folder / "handeye.toml"
    file.write_text('model = "file"\ndialect = "file"\nsteps = 2\n')
    loaded = read(folder, {"model": "option"}, HANDEYE_MODEL="variable", HANDEYE_DIALECT="variable")
    assert (loaded.settings.model, loaded.sources["model"]) == ("option", "--model")
    assert (loaded.settings.dialect, loaded.sources["dialect"]) == ("variable", "HANDEYE_DIALECT")
    assert (loaded.settings.steps, loaded.sources["steps"]) == (2, str(file))
    assert (loaded.settings.env, loaded.sources["env"]) == ("desktop:headless", "default")
    assert loaded.file == file


@given(st.sets(st.sampled_from(["file", "variable", "option"])))
def test_the_last_source_that_speaks_wins(tmp_path_factory: pytest.TempPathFactory, speaking: set[str]) -> None:
    folder = tmp_path_factory.mktemp("project")
    if "file" in speaking:
        (folder / "handeye.toml").write_text("steps = 11\n")
    environ = {"HANDEYE_STEPS": "12"} if "variable" in speaking else {}
    loaded = load({"steps": 13 if "option" in speaking else None}, cwd=folder, environ=environ)
    order = [("option", 13, "--steps"), ("variable", 12, "HANDEYE_STEPS"), ("file", 11, str(folder / "handeye.toml"))]
    expected = next(((value, source) for name, value, source in order if name in speaking), (30, "default"))
    assert (loaded.settings.steps, loaded.sources["steps"]) == expected


def test_a_value_equal_to_the_default_still_names_its_source(folder: Path) -> None:
    assert read(folder, HANDEYE_STEPS="30").sources["steps"] == "HANDEYE_STEPS"


# --- the file ---


def test_the_nearest_folder_wins_and_only_its_file_is_read(folder: Path) -> None:
    (folder / "handeye.toml").write_text('model = "far"\nsteps = 7\n')
    (folder / "src" / "handeye.toml").write_text('model = "near"\n')
    loaded = read(folder / "src" / "deep")
    assert loaded.settings.model == "near"
    assert loaded.settings.steps == 30
    assert loaded.sources["model"] == str(folder / "src" / "handeye.toml")


def test_handeye_toml_wins_over_pyproject_beside_it(folder: Path) -> None:
    (folder / "pyproject.toml").write_text("[tool.handeye]\nsteps = 3\n")
    assert read(folder).settings.steps == 3
    assert read(folder).sources["steps"] == str(folder / "pyproject.toml")
    (folder / "handeye.toml").write_text("steps = 4\n")
    assert read(folder).settings.steps == 4


def test_a_nearer_pyproject_wins_over_a_farther_handeye_toml(folder: Path) -> None:
    (folder / "handeye.toml").write_text("steps = 4\n")
    (folder / "src" / "pyproject.toml").write_text("[tool.handeye]\nsteps = 3\n")
    assert read(folder / "src").settings.steps == 3


def test_a_pyproject_of_another_tool_is_passed_by(folder: Path) -> None:
    (folder / "handeye.toml").write_text("steps = 4\n")
    (folder / "src" / "pyproject.toml").write_text("[tool.ruff]\nline-length = 100\n")
    assert read(folder / "src" / "deep").settings.steps == 4


def test_an_empty_file_is_a_file(folder: Path) -> None:
    (folder / "handeye.toml").write_text("steps = 4\n")
    (folder / "src" / "handeye.toml").write_text("")
    loaded = read(folder / "src")
    assert loaded.settings.steps == 30
    assert loaded.file == folder / "src" / "handeye.toml"


def test_a_folder_of_the_files_name_is_no_file(folder: Path) -> None:
    (folder / "handeye.toml").mkdir()
    assert find_file(folder)[0] != folder / "handeye.toml"


def test_a_relative_start_is_searched_upwards_too(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (folder / "handeye.toml").write_text("steps = 4\n")
    monkeypatch.chdir(folder / "src" / "deep")
    assert load(cwd=Path(), environ={}).settings.steps == 4
    monkeypatch.setenv("HANDEYE_SECONDS", "8")
    assert load().settings.seconds == 8.0
    assert load().settings.steps == 4


def test_paths_in_a_file_start_at_the_file(folder: Path) -> None:
    (folder / "handeye.toml").write_text('out = "runs"\nstop_file = "/tmp/stop"\n')
    settings = read(folder / "src" / "deep").settings
    assert settings.out == str(folder / "runs")
    assert settings.stop_file == "/tmp/stop"


def test_a_tilde_in_a_file_is_the_home_folder(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(folder / "home"))
    (folder / "handeye.toml").write_text('out = "~/runs"\nstop_file = "~nobody-of-that-name/stop"\n')
    settings = read(folder).settings
    assert settings.out == str(folder / "home" / "runs")
    assert settings.stop_file == str(folder / "~nobody-of-that-name" / "stop")


def test_paths_in_variables_and_options_stay_as_they_are(folder: Path) -> None:
    assert read(folder, HANDEYE_OUT="runs").settings.out == "runs"
    assert read(folder, {"out": Path("runs")}).settings.out == "runs"


def test_a_byte_order_mark_does_no_harm(folder: Path) -> None:
    (folder / "handeye.toml").write_bytes(b"\xef\xbb\xbfsteps = 4\r\n")
    assert read(folder).settings.steps == 4


# --- environment variables ---


def test_every_field_has_its_variable(folder: Path) -> None:
    texts = {"base_url": "http://x", "steps": "2", "seconds": "2.5", "screenshots": "3", "screen_size": "640x480"}
    environ = {"HANDEYE_" + name.upper(): texts.get(name, f"text of {name}") for name in FIELDS}
    loaded = load(cwd=folder, environ=environ)
    assert loaded.sources == {name: "HANDEYE_" + name.upper() for name in FIELDS}
    assert loaded.settings.seconds == 2.5
    assert loaded.settings.screenshots == 3
    assert loaded.settings.device == "text of device"
    assert loaded.settings.api_key == SecretStr("text of api_key")


def test_an_empty_variable_is_not_set(folder: Path) -> None:
    loaded = read(folder, HANDEYE_MODEL="", OPENAI_BASE_URL="")
    assert loaded.settings == Settings()
    assert loaded.sources["model"] == "default"


def test_openai_variables_are_read_where_our_own_are_not_set(folder: Path) -> None:
    theirs = {"OPENAI_BASE_URL": "http://theirs/v1", "OPENAI_API_KEY": "theirs"}
    loaded = load(cwd=folder, environ=theirs)
    assert loaded.settings.base_url == "http://theirs/v1"
    assert loaded.settings.api_key == SecretStr("theirs")
    assert (loaded.sources["base_url"], loaded.sources["api_key"]) == ("OPENAI_BASE_URL", "OPENAI_API_KEY")

    ours = {"HANDEYE_BASE_URL": "http://ours/v1", "HANDEYE_API_KEY": "ours"}
    loaded = load(cwd=folder, environ=theirs | ours)
    assert loaded.settings.base_url == "http://ours/v1"
    assert loaded.settings.api_key == SecretStr("ours")
    assert (loaded.sources["base_url"], loaded.sources["api_key"]) == ("HANDEYE_BASE_URL", "HANDEYE_API_KEY")


def test_a_variable_that_names_no_field_is_reported_and_changes_nothing(folder: Path) -> None:
    loaded = read(folder, HANDEYE_MODLE="x", HANDEYE_="y", PATH="/bin")
    assert loaded.ignored == ("HANDEYE_", "HANDEYE_MODLE")
    assert loaded.settings == Settings()


# --- what is refused ---


def test_errors_are_handeyes_own() -> None:
    assert issubclass(ConfigError, HandeyeError)


def test_unknown_keys_name_the_file_and_the_nearest(folder: Path) -> None:
    (folder / "handeye.toml").write_text('modle = "x"\nbase-url = "http://x"\n')
    first, second = complaint(folder).splitlines()
    assert str(folder / "handeye.toml") in first
    assert "'modle'" in first
    assert first.endswith("'model'")
    assert "'base-url'" in second
    assert second.endswith("'base_url'")


def test_unknown_keys_list_what_can_be_set(folder: Path) -> None:
    (folder / "pyproject.toml").write_text("[tool.handeye]\nfoo = 1\n")
    with pytest.raises(ConfigError) as caught:
        read(folder)
    assert str(folder / "pyproject.toml") in str(caught.value)
    assert all(name in caught.value.fix for name in FIELDS)


def test_an_unknown_option_is_refused(folder: Path) -> None:
    assert complaint(folder, {"step": 3}) == "the options: there is no 'step'; the nearest is 'steps'"


@pytest.mark.parametrize("text", ["steps = 'many'", "steps = '3'", "steps = 3.0", "steps = true", "steps = 0"])
def test_a_bad_number_in_a_file_names_field_source_and_what_is_expected(folder: Path, text: str) -> None:
    (folder / "handeye.toml").write_text(text)
    message = complaint(folder)
    assert message.startswith("steps = ")
    assert f"from {folder / 'handeye.toml'}: should be" in message


@pytest.mark.parametrize("text", ["many", "3.5", "-1", "0", " ", "nan", "1e999"])
def test_a_bad_number_in_a_variable(folder: Path, text: str) -> None:
    assert complaint(folder, HANDEYE_STEPS=text).startswith(f"steps = {text!r} from HANDEYE_STEPS: should be")


@pytest.mark.parametrize("text", ["nan", "inf", "-inf", "0", "-3", "soon"])
def test_seconds_are_a_finite_positive_number(folder: Path, text: str) -> None:
    assert complaint(folder, HANDEYE_SECONDS=text).startswith(f"seconds = {text!r} from HANDEYE_SECONDS: should be")


def test_whole_seconds_are_fine_everywhere(folder: Path) -> None:
    (folder / "handeye.toml").write_text("seconds = 60")
    assert read(folder).settings.seconds == 60.0
    assert read(folder, HANDEYE_SECONDS="61").settings.seconds == 61.0
    assert read(folder, {"seconds": 62}).settings.seconds == 62.0


def test_a_bad_option_is_named_as_it_was_typed(folder: Path) -> None:
    message = complaint(folder, {"screen_size": "huge"})
    assert message.startswith("screen_size = 'huge' from --screen-size: should be WIDTHxHEIGHT")


@pytest.mark.parametrize("size", ["1x1", "1280x800", "8192x8192"])
def test_screen_sizes(folder: Path, size: str) -> None:
    assert read(folder, {"screen_size": size}).settings.screen_size == size


@pytest.mark.parametrize("size", ["0x1", "8193x1", "1280X800", "1280", "1280x800x24", "-1x2", "１２x34", "1280x800\n"])
def test_no_screen_sizes(folder: Path, size: str) -> None:
    assert "should be WIDTHxHEIGHT" in complaint(folder, {"screen_size": size})


@pytest.mark.parametrize("address", ["localhost:8000", "ftp://x", "http://", "http://[::1", "http://x:99999", "v1"])
def test_no_web_addresses(folder: Path, address: str) -> None:
    assert "should be a web address" in complaint(folder, {"base_url": address})


@pytest.mark.parametrize("address", ["http://localhost:8000/v1", "https://x", "http://[::1]:8000/v1"])
def test_web_addresses(folder: Path, address: str) -> None:
    assert read(folder, {"base_url": address}).settings.base_url == address


def test_an_empty_name_is_refused(folder: Path) -> None:
    (folder / "handeye.toml").write_text('model = ""\nout = ""\n')
    expected = f"= '' from {folder / 'handeye.toml'}: should have at least 1 character"
    assert complaint(folder).splitlines() == [f"model {expected}", f"out {expected}"]


def test_all_bad_values_of_a_source_are_told_at_once(folder: Path) -> None:
    lines = complaint(folder, HANDEYE_STEPS="x", HANDEYE_SECONDS="y", HANDEYE_MODEL="fine").splitlines()
    assert [line.split()[0] for line in lines] == ["steps", "seconds"]


def test_a_bad_value_is_told_even_when_an_option_overrides_it(folder: Path) -> None:
    assert "HANDEYE_STEPS" in complaint(folder, {"steps": 3}, HANDEYE_STEPS="x")


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("steps = 3\nmodel = \n", 2),
        ("steps = 3\n\nsteps = 4\n", 3),
        ('\n\nmodel = "never closed', 3),
        ("steps = 3\n[tool\n", 2),
        ('steps = 3\nout = ["a",\n', 2),
    ],
)
@pytest.mark.parametrize("name", ["handeye.toml", "pyproject.toml"])
def test_a_syntax_error_names_file_and_line(folder: Path, name: str, text: str, line: int) -> None:
    (folder / name).write_text(text)
    assert complaint(folder).startswith(f"{folder / name}, line {line}: ")


def test_text_that_is_not_utf8_names_file_and_line(folder: Path) -> None:
    (folder / "handeye.toml").write_bytes(b'steps = 3\nout = "\xff"\n')
    assert complaint(folder) == f"{folder / 'handeye.toml'}, line 2: not UTF-8 text"


@pytest.mark.skipif(os.geteuid() == 0, reason="an administrator can read every file")
def test_a_file_that_may_not_be_read(folder: Path) -> None:
    (folder / "handeye.toml").write_text("steps = 3\n")
    (folder / "handeye.toml").chmod(0)
    assert "cannot be read" in complaint(folder)


def test_a_loop_of_links_cannot_be_read(folder: Path) -> None:
    (folder / "handeye.toml").symlink_to("handeye.toml")
    assert str(folder / "handeye.toml") + " cannot be read" in complaint(folder)


def test_a_value_where_a_table_belongs(folder: Path) -> None:
    (folder / "pyproject.toml").write_text("[tool]\nhandeye = 3\n")
    assert "[tool.handeye]" in complaint(folder)


def test_a_nested_table_is_no_value(folder: Path) -> None:
    (folder / "handeye.toml").write_text('[model]\nname = "x"\n')
    assert complaint(folder) == f"model = {{'name': 'x'}} from {folder / 'handeye.toml'}: should be a valid string"


# --- secrets ---


@pytest.mark.parametrize(("name", "head"), [("handeye.toml", ""), ("pyproject.toml", "[tool.handeye]\n")])
def test_a_key_in_a_file_is_refused_and_not_repeated(folder: Path, name: str, head: str) -> None:
    (folder / name).write_text(f'{head}api_key = "{SECRET}"\n')
    with pytest.raises(ConfigError) as caught:
        read(folder)
    assert str(folder / name) in str(caught.value)
    assert "HANDEYE_API_KEY" in caught.value.fix
    assert SECRET not in "".join(traceback.format_exception(caught.value))


def test_a_key_among_the_options_is_refused_and_not_repeated(folder: Path) -> None:
    with pytest.raises(ConfigError) as caught:
        read(folder, {"api_key": SECRET})
    assert "HANDEYE_API_KEY" in caught.value.fix
    assert SECRET not in "".join(traceback.format_exception(caught.value))


def test_a_key_shows_nowhere(folder: Path) -> None:
    loaded = read(folder, OPENAI_API_KEY=SECRET)
    assert loaded.settings.api_key is not None
    assert loaded.settings.api_key.get_secret_value() == SECRET
    rows = config_rows(loaded)
    assert next(row for row in rows if row.name == "api_key")[1:3] == ("***", "OPENAI_API_KEY")
    assert SECRET not in repr(loaded) + str(rows) + loaded.settings.model_dump_json()


def test_a_key_does_not_show_when_another_value_is_wrong(folder: Path) -> None:
    with pytest.raises(ConfigError) as caught:
        read(folder, HANDEYE_API_KEY=SECRET, HANDEYE_STEPS="x")
    assert SECRET not in "".join(traceback.format_exception(caught.value))


@pytest.mark.parametrize("address", [f"http://me:{SECRET}@host/v1", f"http://{SECRET}@host/v1"])
def test_a_password_in_the_address_does_not_show(folder: Path, address: str) -> None:
    loaded = read(folder, HANDEYE_BASE_URL=address)
    assert loaded.settings.base_url == address
    assert {row.name: row.value for row in config_rows(loaded)}["base_url"] == "http://***@host/v1"
    assert SECRET not in complaint(folder, HANDEYE_BASE_URL=address.replace("http", "ftp"))


# --- what `handeye config` shows ---


def test_rows_hold_each_field_once_with_value_source_and_meaning(folder: Path) -> None:
    rows = config_rows(read(folder, {"steps": 5}, HANDEYE_DEVICE="cpu"))
    assert [row.name for row in rows] == list(FIELDS)
    shown = {row.name: (row.value, row.source) for row in rows}
    assert shown["steps"] == (5, "--steps")
    assert shown["device"] == ("cpu", "HANDEYE_DEVICE")
    assert shown["stop_file"] == (None, "default")
    assert all(row.about for row in rows)


def test_rows_are_json(folder: Path) -> None:
    rows = [row._asdict() for row in config_rows(read(folder, HANDEYE_API_KEY="x"))]
    assert json.loads(json.dumps(rows)) == rows


def test_a_very_long_value_is_cut(folder: Path) -> None:
    rows = config_rows(read(folder, HANDEYE_MODEL="m" * 10_000))
    assert {row.name: row.value for row in rows}["model"] == "m" * 200 + "…"
    assert len(complaint(folder, HANDEYE_STEPS="9" * 10_000)) < 400


def test_importing_it_loads_nothing_heavy() -> None:
    heavy = ("torch", "transformers", "pyautogui", "mss", "adbutils", "typer", "httpx")
    code = f"import sys, tools.config; print([name for name in {heavy} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
