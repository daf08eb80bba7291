"""The documents keep their word: every program and command in them is run, every link leads somewhere.

A fence says what is done with it:

    ```python               run as a program of its own in an empty folder; ends with exit code 0 within a minute
    ```python no-run        compiled only
    ```console              lines that begin with "$ " are run one after another in an empty folder, each ending with
    ```console exit=1       exit code 0, or with the one that is named; what is shown below them is not compared
    ```console no-run       looked at only: does the command exist, does it have these options?

Directly above a fence that is not run stands the reason: <!-- not run: needs the weights -->
Of `make` it is asked in both cases what it would do, so that it needs no reason; other programs are refused.
"""

import ast
import os
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple
from urllib.parse import unquote

import pytest
from PIL import Image

from agent.outcome import Outcome
from environments.action import ACTIONS
from environments.keys import NAMED
from tests.tools.command import HANDEYE, ROOT, SCRIPTS, environ
from tools.running import EXIT_CODES, FAILED

SECONDS = 60
RUN = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
READ = [*RUN, ROOT / "CONTRIBUTING.md", ROOT / "CHANGELOG.md"]
REASON = re.compile(r"<!-- not run: \S.* -->")
VARIABLE = re.compile(r"[A-Z_]+=")


class Snippet(NamedTuple):
    """A fence: where it begins, the words behind its three backticks, its text, and the line above it."""

    file: Path
    line: int
    info: tuple[str, ...]
    text: str
    above: str

    @property
    def name(self) -> str:
        return f"{self.file.name}:{self.line}"

    @property
    def language(self) -> str:
        return self.info[0] if self.info else ""

    @property
    def is_run(self) -> bool:
        return "no-run" not in self.info

    def commands(self) -> Iterator[list[str]]:
        """Each command as words, without what it shows and without comments."""
        for line in self.text.replace("\\\n", " ").splitlines():
            if line.startswith("$ "):
                yield shlex.split(line.removeprefix("$ "), comments=True)


def snippets(file: Path) -> Iterator[Snippet]:
    lines = file.read_text(encoding="utf-8").splitlines()
    number = 0
    while number < len(lines):
        if lines[number].startswith("```"):
            end = lines.index("```", number + 1)
            info = tuple(lines[number].removeprefix("```").split())
            above = lines[number - 1] if number else ""
            yield Snippet(file, number + 1, info, "\n".join(lines[number + 1 : end]) + "\n", above)
            number = end
        number += 1


ALL = [snippet for file in RUN if file.exists() for snippet in snippets(file)]


def those(language: str, *, run: bool) -> list[object]:
    found = [snippet for snippet in ALL if snippet.language == language and snippet.is_run == run]
    return [pytest.param(snippet, id=snippet.name) for snippet in found]


def test_the_readme_holds_programs_and_commands_that_are_run() -> None:
    readme = [snippet for snippet in ALL if snippet.file.name == "README.md" and snippet.is_run]
    assert {"python", "console"} <= {snippet.language for snippet in readme}
    assert any(command[0] == "handeye" for snippet in readme for command in snippet.commands())


def test_every_fence_is_one_that_is_understood() -> None:
    """So that none is left out because of a misspelling."""
    for snippet in ALL:
        language, words = snippet.language, snippet.info[1:]
        assert language in ("python", "console", "toml", ""), snippet.name
        assert all(re.fullmatch(r"no-run|exit=\d+", word) for word in words), snippet.name
        if language == "console":
            assert list(snippet.commands()), f"{snippet.name} holds no line that begins with '$ '"


@pytest.mark.parametrize("snippet", [*those("python", run=False), *those("console", run=False)])
def test_a_reason_stands_above_what_is_not_run(snippet: Snippet) -> None:
    if any(command[0] != "make" for command in snippet.commands()) or snippet.language == "python":
        assert REASON.fullmatch(snippet.above), f"{snippet.name}: <!-- not run: the reason --> is missing"


# --- programs ---


@pytest.mark.display
@pytest.mark.parametrize("snippet", those("python", run=True))
def test_a_program_runs(snippet: Snippet, tmp_path: Path) -> None:
    folder = tmp_path / "empty"
    folder.mkdir()
    file = tmp_path / "program.py"
    file.write_text(snippet.text, encoding="utf-8")
    done = subprocess.run(
        [sys.executable, file], cwd=folder, env=_env(), stdin=subprocess.DEVNULL,
        capture_output=True, text=True, timeout=SECONDS, check=False,
    )  # fmt: skip
    assert done.returncode == 0, f"{snippet.name}\n{done.stdout}{done.stderr}"


@pytest.mark.parametrize("snippet", those("python", run=False))
def test_a_program_that_is_not_run_can_be_read(snippet: Snippet) -> None:
    tree = ast.parse(snippet.text)
    import handeye  # noqa: PLC0415

    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.module == "handeye":
            assert {name.name for name in node.names} <= set(handeye.__all__), snippet.name


def _env() -> dict[str, str]:
    return environ() | {"PATH": f"{SCRIPTS}{os.pathsep}{os.environ['PATH']}"}


# --- commands ---


def called(command: list[str]) -> tuple[list[str | Path], dict[str, str], bool]:
    """What to run for a command, the variables in front of it, and whether it belongs into the repository."""
    variables = {}
    while VARIABLE.match(command[0]):
        name, _, variables[name] = command.pop(0).partition("=")
    program, *arguments = command
    if program in ("handeye", ".venv/bin/handeye"):
        return [HANDEYE, *arguments], variables, False
    assert program == "make", f"{program} is not run by this test"
    return ["make", "-n", *arguments], variables, True


@pytest.mark.display
@pytest.mark.parametrize("snippet", those("console", run=True))
def test_a_command_runs(snippet: Snippet, tmp_path: Path) -> None:
    expected = next((int(word.removeprefix("exit=")) for word in snippet.info if word.startswith("exit=")), 0)
    for command in snippet.commands():
        words, variables, at_home = called(command)
        done = subprocess.run(
            words, cwd=ROOT if at_home else tmp_path, env=_env() | variables, stdin=subprocess.DEVNULL,
            capture_output=True, text=True, timeout=SECONDS, check=False,
        )  # fmt: skip
        assert done.returncode == expected, f"{snippet.name}: {shlex.join(command)}\n{done.stdout}{done.stderr}"


@pytest.mark.parametrize("snippet", those("console", run=False))
def test_a_command_that_is_not_run_exists(snippet: Snippet) -> None:
    for command in snippet.commands():
        words, _, at_home = called(command)
        if not at_home:
            words.append("--help")  # what is wrong with the options is said before the help
        done = subprocess.run(words, cwd=ROOT, env=_env(), capture_output=True, text=True, timeout=SECONDS, check=False)
        assert done.returncode == 0, f"{snippet.name}: {shlex.join(command)}\n{done.stdout}{done.stderr}"


# --- links ---


def prose(file: Path) -> str:
    """A document without its fences and without code in lines."""
    text = re.sub(r"^```.*?^```$", "", file.read_text(encoding="utf-8"), flags=re.MULTILINE | re.DOTALL)
    return re.sub(r"`[^`\n]*`", "", text)


def links(file: Path) -> list[str]:
    text = prose(file)
    found = re.findall(r"\]\(<?([^)\s>]+)>?(?:\s+\"[^\"]*\")?\)", text) + re.findall(
        r"\b(?:src|href)=\"([^\"]+)\"", text
    )
    return [link for link in found if not re.match(r"[a-z]+:", link)]


def anchors(file: Path) -> set[str]:
    """The names that hosts of repositories give to headings."""
    headings = re.findall(r"^#+ +(.*)$", re.sub(r"^```.*?^```$", "", file.read_text("utf-8"), flags=re.M | re.S), re.M)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).strip().replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("file", [pytest.param(file, id=file.name) for file in READ])
def test_every_link_leads_somewhere(file: Path) -> None:
    assert file.is_file()
    for link in links(file):
        path, _, anchor = unquote(link).partition("#")
        target = (file.parent / path).resolve() if path else file
        assert target.exists(), f"{file.name} links to {link}, which is not there"
        assert target.is_relative_to(ROOT), f"{file.name} links out of the repository: {link}"
        if anchor:
            assert anchor in anchors(target), f"{file.name} links to {link}, and there is no such heading"


def test_the_readme_shows_a_picture_of_a_real_run() -> None:
    pictures = re.findall(r"!\[([^\]]*)\]\(([^)\s]+)\)", prose(ROOT / "README.md"))
    assert pictures
    for words, path in pictures:
        assert len(words) > 20, f"{path}: words for those who cannot see it"
        with Image.open(ROOT / path) as image:
            image.verify()


# --- what the documents list is what there is ---


def rows(file: str) -> Iterator[list[str]]:
    """The cells of every row of every table."""
    for line in (ROOT / "docs" / file).read_text(encoding="utf-8").splitlines():
        if line.startswith("|"):
            yield [cell.strip() for cell in line.strip("|").split("|")]


def test_every_outcome_is_listed_with_its_exit_code() -> None:
    listed: dict[str, int] = {}
    for cells in rows("running.md"):
        if len(cells) == 3 and cells[1].isdigit():
            listed |= dict.fromkeys(re.findall(r"`(\w+)`", cells[0]), int(cells[1]))
    assert listed == {outcome.value: EXIT_CODES.get(outcome, FAILED) for outcome in Outcome}


def test_every_action_is_listed_with_its_fields() -> None:
    listed = {name: cells[1] for cells in rows("actions.md") for name in re.findall(r"`(\w+)`", cells[0])}
    assert set(listed) == {kind.__name__ for kind in ACTIONS}
    for kind in ACTIONS:
        named = set(re.findall(r"`(\w+)`", listed[kind.__name__]))
        assert named == set(kind.model_fields) - {"type"}, kind.__name__


def test_every_key_is_listed() -> None:
    text = (ROOT / "docs" / "actions.md").read_text(encoding="utf-8")
    words = set(re.findall(r"`(\w+)`", text.partition("## Keys")[2].partition("## ")[0]))
    numbered = {f"f{number}" for number in range(1, 25)}
    assert words >= (set(NAMED) - numbered) | {"f1", "f24"}


def test_every_option_that_is_spoken_of_is_one() -> None:
    pages = [["run"], ["demo"], ["doctor"], ["bench", "desktop"], ["bench", "phone"], ["phone"], ["devices"], []]
    helps = [subprocess.run([HANDEYE, *page, "--help"], env=_env(), capture_output=True, check=True) for page in pages]
    known = {option for done in helps for option in re.findall(r"--[a-z-]+", done.stdout.decode())}
    for file in RUN:
        for option in re.findall(r"`(--[a-z-]+)", file.read_text(encoding="utf-8")):
            assert option in known, f"{file.name} speaks of {option}"
