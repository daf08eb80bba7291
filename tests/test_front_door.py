"""The front door: every public name, and folders of the user's own that carry the names of handeye's packages."""

import subprocess
import sys
from pathlib import Path

import pytest

import handeye

ROOT = Path(handeye.__file__).parent


def python(folder: Path, *arguments: str) -> "subprocess.CompletedProcess[str]":
    """Run Python in a folder, as a user of an installed handeye would."""
    return subprocess.run(
        [sys.executable, *arguments], cwd=folder, capture_output=True, text=True, timeout=60, check=False
    )


@pytest.mark.parametrize("name", handeye.__all__)
def test_every_public_name_is_there(name: str) -> None:
    assert getattr(handeye, name) is not None
    assert name in dir(handeye)


def test_an_unknown_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="no name 'Agnet'"):
        handeye.__getattr__("Agnet")


@pytest.mark.parametrize("room", ["agent", "environments"])
def test_a_folder_that_hides_a_package_is_named(tmp_path: Path, room: str) -> None:
    (tmp_path / room).mkdir()
    (tmp_path / room / "__init__.py").write_text("")
    (tmp_path / "program.py").write_text("from handeye import Agent, Tap\nprint(Agent, Tap)\n")
    done = python(tmp_path, "program.py")
    assert done.returncode == 1
    assert f"handeye's own package '{room}' is hidden by {tmp_path / room}" in done.stderr


def test_a_hiding_folder_without_an_init_is_no_obstacle(tmp_path: Path) -> None:
    (tmp_path / "agent").mkdir()
    (tmp_path / "program.py").write_text("from handeye import Agent\nprint(Agent.__module__)\n")
    done = python(tmp_path, "program.py")
    assert (done.returncode, done.stdout.strip()) in {(0, "agent.run")} or "is hidden by" in done.stderr


@pytest.mark.display
def test_a_private_display_starts_from_a_folder_with_packages_of_the_same_names(tmp_path: Path) -> None:
    for room in ("agent", "environments", "tools"):
        (tmp_path / room).mkdir()
        (tmp_path / room / "__init__.py").write_text("raise SystemExit('the wrong package')\n")
    program = tmp_path / "elsewhere" / "program.py"
    program.parent.mkdir()
    program.write_text(
        "from handeye import open_environment\n"
        "with open_environment('desktop:headless') as desktop:\n"
        "    print(desktop.observe().frame.size)\n"
    )
    done = python(tmp_path, str(program))
    assert done.returncode == 0, done.stderr
    assert "width=1280, height=800" in done.stdout


@pytest.mark.display
def test_the_command_works_in_a_folder_with_packages_of_the_same_names(tmp_path: Path) -> None:
    (tmp_path / "tools").mkdir()
    (tmp_path / "tools" / "__init__.py").write_text("raise SystemExit('the wrong package')\n")
    command = Path(sys.executable).with_name("handeye")
    done = subprocess.run([command, "config"], cwd=tmp_path, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    assert "desktop:headless" in done.stdout
