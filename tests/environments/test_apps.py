"""Which applications are installed, and which of them a name means; on folders made for the purpose."""

import os
import string
import subprocess
import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from environments.desktop.apps import MAX_FILE_BYTES, App, data_folders, find_app, installed_apps, parse_exec, read_apps
from environments.errors import InvalidAction


class Installation:
    """Two data folders, the first the more important, and a folder for programs."""

    def __init__(self, root: Path) -> None:
        self.home, self.system, self.bin = root / "home", root / "system", root / "bin"
        self.bin.mkdir(parents=True)
        for folder in (self.home, self.system):
            (folder / "applications").mkdir(parents=True)

    def program(self, name: str, script: str = "exit 0") -> Path:
        path = self.bin / name
        path.write_text(f"#!/bin/sh\n{script}\n")
        path.chmod(0o755)
        return path

    def entry(self, name: str, content: str | bytes, *, folder: Path | None = None) -> Path:
        path = (folder or self.system) / "applications" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    def app(self, name: str, *lines: str, folder: Path | None = None) -> None:
        """A valid entry that starts the program `paint`; the lines come first, so that they count."""
        text = "\n".join(["[Desktop Entry]", "Type=Application", *lines, "Name=Paint", "Exec=paint %F", ""])
        self.entry(name, text, folder=folder)

    def read(self) -> list[App]:
        return read_apps([self.home, self.system], str(self.bin))

    def ids(self) -> list[str]:
        return [app.id for app in self.read()]


@pytest.fixture
def here(tmp_path: Path) -> Installation:
    installation = Installation(tmp_path)
    installation.program("paint")
    return installation


def app(name: str, *argv: str, names: tuple[str, ...] = (), kinds: tuple[str, ...] = (), id: str = "") -> App:
    return App(id or name.lower(), name, argv or (name.lower(),), names or (name,), kinds)


# Reading


def test_an_entry_becomes_an_application(here: Installation) -> None:
    here.app("org.example.Paint.desktop", "GenericName=Image Editor", "Name[pl]=Malarz", "GenericName[pl]=Edytor")
    (paint,) = here.read()
    assert (paint.id, paint.name, paint.argv) == ("org.example.Paint", "Paint", ("paint",))
    assert set(paint.names) == {"Paint", "Malarz"}
    assert set(paint.kinds) == {"Image Editor", "Edytor"}


@pytest.mark.parametrize(
    "line",
    ["NoDisplay=true", "Hidden=true", "Terminal=true", "Terminal=1", "TryExec=no-such-program", "TryExec=/etc/passwd",
     "Type=Link", "Exec=", "Exec=no-such-program", "Exec=/no/such/program", "Exec=bin/paint", "Exec=./paint",
     "Exec=paint %z", 'Exec=paint "open', "Exec=paint %", "Exec=A=b paint", "Name="],
)  # fmt: skip
def test_what_cannot_be_started_and_shown_is_left_out(here: Installation, line: str) -> None:
    here.app("good.desktop")
    text = f"[Desktop Entry]\n{line}\n"
    keys = {"Type": "Application", "Name": "Other", "Exec": "paint"}
    text += "".join(f"{key}={value}\n" for key, value in keys.items() if not line.startswith(f"{key}="))
    here.entry("bad.desktop", text)
    assert here.ids() == ["good"]


def test_the_same_entry_without_the_bad_line_is_there(here: Installation) -> None:
    here.app("bad.desktop", "NoDisplay=false", "Hidden=false", "Terminal=false", "TryExec=paint")
    assert here.ids() == ["bad"]


def test_a_file_that_cannot_be_executed_is_no_program(here: Installation) -> None:
    here.program("plain").chmod(0o644)
    here.app("plain.desktop", "Exec=plain")
    assert here.ids() == []


def test_an_absolute_program_needs_no_path(here: Installation) -> None:
    elsewhere = here.bin.parent / "else where"
    elsewhere.mkdir()
    program = here.program("tool").rename(elsewhere / "tool")
    here.app("tool.desktop", f'Exec="{program}" --new')
    assert here.read()[0].argv == (str(program), "--new")


def test_the_first_folder_wins_and_can_hide(here: Installation) -> None:
    here.app("a.desktop", "Name=System's")
    here.app("a.desktop", "Name=Mine", folder=here.home)
    here.app("b.desktop")
    here.app("b.desktop", "Hidden=true", folder=here.home)
    assert [app.name for app in here.read()] == ["Mine"]


def test_a_sub_folder_is_part_of_the_id(here: Installation) -> None:
    here.app("kde/tools/paint.desktop")
    assert here.ids() == ["kde-tools-paint"]


def test_only_the_group_desktop_entry_counts(here: Installation) -> None:
    text = "# a comment\n\n[Desktop Entry]\nType = Application\nName = Paint\nExec = paint\n"
    here.entry("a.desktop", text + "[Desktop Action new]\nName=New\nExec=paint --new\nHidden=true\n")
    here.entry("b.desktop", "Type=Application\nName=Paint\nExec=paint\n")
    (paint,) = here.read()
    assert (paint.id, paint.argv, paint.names) == ("a", ("paint",), ("Paint",))


def test_windows_line_ends_and_a_byte_order_mark_are_no_obstacle(here: Installation) -> None:
    here.entry("a.desktop", b"\xef\xbb\xbf[Desktop Entry]\r\nType=Application\r\nName=Paint\r\nExec=paint -x\r\n")
    assert here.read()[0].argv == ("paint", "-x")


def test_applications_come_sorted_by_name(here: Installation) -> None:
    for name in ("zebra", "Apple", "mango"):
        here.app(f"{name}.desktop", f"Name={name}")
    assert [app.name for app in here.read()] == ["Apple", "mango", "zebra"]


# Hostile files


def test_broken_files_harm_nobody(here: Installation) -> None:
    here.app("good.desktop")
    here.entry("binary.desktop", bytes(range(256)) * 100)
    here.entry("empty.desktop", b"")
    here.entry("zeros.desktop", b"[Desktop Entry]\nType=Application\nName=Zero\nExec=pa\0int\n")
    here.entry("zeros2.desktop", b"[Desktop Entry]\nType=Application\nName=Zero\nExec=paint a\0b\n")
    here.entry("zeros3.desktop", b"[Desktop Entry]\nType=Application\nName=Zero\nTryExec=a\0b\nExec=paint\n")
    here.entry("huge.desktop", b"[Desktop Entry]\nType=Application\nName=Huge\nExec=paint\n" + b"#" * MAX_FILE_BYTES)
    (here.system / "applications" / "folder.desktop").mkdir()
    (here.system / "applications" / "dangling.desktop").symlink_to("/no/such/file")
    (here.system / "applications" / "endless.desktop").symlink_to("/dev/zero")
    (here.system / "applications" / "loop").symlink_to(here.system / "applications", target_is_directory=True)
    assert here.ids() == ["good"]


def test_a_pipe_in_the_place_of_a_file_does_not_block(here: Installation) -> None:
    here.app("good.desktop")
    os.mkfifo(here.system / "applications" / "pipe.desktop")
    started = time.monotonic()
    assert here.ids() == ["good"]
    assert time.monotonic() - started < 30


def test_a_bad_encoding_spoils_one_name_only(here: Installation) -> None:
    here.entry("a.desktop", b"[Desktop Entry]\nType=Application\nName[xx]=caf\xe9\nName=Paint\nExec=paint\n")
    assert here.read()[0].name == "Paint"


def test_names_are_one_printable_line_of_a_decent_length(here: Installation) -> None:
    here.app("a.desktop", "Name=Nice\\n\\tname\x1b[31m\u202e " + "x" * 10_000)
    name = here.read()[0].name
    assert name.isprintable()
    assert name.startswith("Nice name")
    assert len(name) <= 100


def test_metacharacters_of_a_shell_stay_arguments(here: Installation) -> None:
    witness = here.bin.parent / "witness"
    report = here.bin.parent / "report"
    here.program("show", f'for word in "$@"; do printf "%s\\n" "$word" >> {report}; done')
    here.app("evil.desktop", f"Exec=show ; touch {witness} && $(touch {witness}) `touch {witness}` | sh > {witness} *")
    (evil,) = here.read()
    subprocess.run(evil.argv, env={"PATH": f"{here.bin}:/usr/bin:/bin"}, check=True, timeout=20)
    assert report.read_text().split("\n")[:3] == [";", "touch", str(witness)]
    assert "*" in report.read_text().split("\n")
    assert not witness.exists()


# Exec


@pytest.mark.parametrize(
    ("value", "argv"),
    [
        ("paint", ["paint"]),
        ("paint  --new\t-x ", ["paint", "--new", "-x"]),
        ("paint %f %F %u %U %i %c %k %d %D %n %N %v %m", ["paint"]),
        ("paint --file=%f --rate=50%%", ["paint", "--file=", "--rate=50%"]),
        ('"/opt/my app/run" "a b" ""', ["/opt/my app/run", "a b", ""]),
        (r'paint "a \"quoted\" \$HOME \`date\` \\ word"', ["paint", 'a "quoted" $HOME `date` \\ word']),
        (r'paint "C:\dir"', ["paint", r"C:\dir"]),
        ("sh -c 'exec \"$0\" \\x' a", ["sh", "-c", 'exec "$0" \\x', "a"]),
        (r"paint one\ word", ["paint", "one word"]),
        ("env A=1 B=2 paint", ["env", "A=1", "B=2", "paint"]),
    ],
)
def test_exec_is_split_as_the_specification_says(value: str, argv: list[str]) -> None:
    assert list(parse_exec(value)) == argv


@pytest.mark.parametrize("value", ["", "   ", "%U", '""', '"open', "'open", "paint %", "paint %q", "a\0b", "A=1 paint"])
def test_an_invalid_exec_is_refused(value: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        parse_exec(value)


def test_a_backslash_is_read_twice_first_by_the_file_and_then_by_exec(here: Installation) -> None:
    here.app("a.desktop", r'Exec=paint "\\$HOME" "a\\\\b" c\sd')
    assert here.read()[0].argv == ("paint", "$HOME", "a\\b", "c", "d")


@given(st.lists(st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"])), max_size=5))
def test_quoted_arguments_come_back_as_they_were(words: list[str]) -> None:
    quoted = ["".join(f"\\{c}" if c in '"`$\\' else "%%" if c == "%" else c for c in word) for word in words]
    assert parse_exec(" ".join(["paint", *(f'"{word}"' for word in quoted)])) == ("paint", *words)


@given(st.text(string.printable))
def test_any_exec_gives_arguments_or_a_value_error(value: str) -> None:
    try:
        argv = parse_exec(value)
    except ValueError:
        return
    assert argv[0]


# Choosing


def test_every_name_of_an_application_finds_it(here: Installation) -> None:
    here.program("mousepad")
    here.app("org.xfce.mousepad.desktop", "Name=Mousepad", "Name[ru]=Мышепад", "Name[tr]=Fare İzi", "Exec=mousepad %U",
             "GenericName=Text Editor", "GenericName[de]=Texteditor")  # fmt: skip
    here.app("paint.desktop")
    apps = here.read()
    for name in ("Mousepad", "MOUSEPAD", " mousepad ", "org.xfce.mousepad", "org.xfce.Mousepad.desktop", "мышепад",
                 "Text  Editor", "texteditor", "Ｍｏｕｓｅｐａｄ"):  # fmt: skip
        assert find_app(name, apps).id == "org.xfce.mousepad"
    assert find_app("paint", apps).argv == ("paint",)


def test_the_name_goes_before_the_id_the_id_before_the_program_and_the_program_before_translations() -> None:
    by_name = app("Files", "a")
    by_id = app("Manager", "b", id="files")
    by_program = app("Browser", "/usr/bin/files")
    by_translation = app("Dolphin", "c", names=("Dolphin", "Files"))
    by_kind = app("Thunar", "d", kinds=("Files",))
    order = [by_name, by_id, by_program, by_translation, by_kind]
    for number in range(len(order)):
        assert find_app("files", [*order[:number:-1], order[number]]) is order[number]


def test_an_application_started_through_env_goes_by_its_own_name() -> None:
    firefox = app("Browser", "env", "HINT=/x/y", "/snap/bin/firefox")
    assert find_app("firefox", [firefox, app("Paint")]) is firefox
    assert app("Env", "env").program == "env"


def test_two_applications_of_one_name_are_told_apart_by_id() -> None:
    apps = [app("Files", "nautilus", id="org.gnome.Nautilus"), app("Files", "thunar", id="thunar")]
    with pytest.raises(InvalidAction, match=r"several .*org\.gnome\.Nautilus.*thunar"):
        find_app("files", apps)
    assert find_app("org.gnome.nautilus", apps).argv == ("nautilus",)


def test_an_unknown_name_is_refused_with_the_nearest_ones() -> None:
    apps = [app("Galculator"), app("Mousepad", kinds=("Text Editor",)), app("XTerm")]
    with pytest.raises(InvalidAction, match=r"'Calculator' is installed; nearest: Galculator$"):
        find_app("Calculator", apps)
    with pytest.raises(InvalidAction, match=r"nearest: Mousepad$"):
        find_app("text editr", apps)
    with pytest.raises(InvalidAction, match=r"installed: Galculator, Mousepad, XTerm$"):
        find_app("spreadsheet", apps)


def test_nothing_installed_is_said_so() -> None:
    with pytest.raises(InvalidAction, match=r"installed: none$"):
        find_app("anything", [])


def test_a_long_list_is_cut() -> None:
    apps = [app(f"App{number:04}") for number in range(500)]
    with pytest.raises(InvalidAction, match=r"and 480 more$"):
        find_app("zzzzzz", apps)


@pytest.mark.parametrize(
    "name",
    ["paint --new", "paint;reboot", "/bin/sh", "../paint", "paint.desktop/../x", "env paint", "$(paint)", "\0", " ",
     "paint\nNoDisplay", "x" * 200],
)  # fmt: skip
def test_what_a_model_writes_only_chooses(here: Installation, name: str) -> None:
    here.app("paint.desktop")
    with pytest.raises(InvalidAction):
        find_app(name, here.read())


@given(st.text(max_size=200))
def test_any_text_gives_an_application_as_installed_or_an_invalid_action(name: str) -> None:
    apps = [app("Paint", "paint", "--fixed"), app("Files")]
    try:
        found = find_app(name, apps)
    except InvalidAction as error:
        said = str(error)
    else:
        said = ""
        assert found in apps
    assert "\n" not in said


# Where to look


def test_the_folders_come_from_the_given_environment() -> None:
    assert data_folders({"HOME": "/home/ann"}) == [
        Path("/home/ann/.local/share"), Path("/usr/local/share"), Path("/usr/share"),
    ]  # fmt: skip
    given = {"HOME": "/h", "XDG_DATA_HOME": "/mine", "XDG_DATA_DIRS": "/one:relative::/two"}
    assert data_folders(given) == [Path("/mine"), Path("/one"), Path("/two")]
    assert data_folders({}) == [Path("/.local/share"), Path("/usr/local/share"), Path("/usr/share")]


def test_the_path_comes_from_the_given_environment(here: Installation) -> None:
    here.app("paint.desktop")
    given = {"XDG_DATA_HOME": str(here.home), "XDG_DATA_DIRS": str(here.system), "PATH": str(here.bin)}
    assert [app.name for app in installed_apps(given)] == ["Paint"]
    assert installed_apps({**given, "PATH": "/nowhere"}) == []


def test_missing_folders_are_empty_ones(tmp_path: Path) -> None:
    assert read_apps([tmp_path / "no", tmp_path / "where"], "/usr/bin") == []
