"""One module speaks to the shell of a device, and what it is given is a list: read from the source itself."""

import ast
from pathlib import Path

import pytest

import environments.android

FOLDER = Path(environments.android.__file__).parent
MODULES = sorted(FOLDER.glob("*.py"))
SENDERS = {"run", "read", "run_all", "read_all", "chain"}


@pytest.mark.parametrize("file", MODULES, ids=lambda file: file.stem)
def test_only_one_module_opens_a_shell(file: Path) -> None:
    strings = [node.value for node in ast.walk(ast.parse(file.read_text()))
               if isinstance(node, ast.Constant) and isinstance(node.value, str)]  # fmt: skip
    services = [text for text in strings if text.startswith(("shell,", "shell:", "exec:", "host:transport"))]
    assert bool(services) == (file.stem == "adb")


@pytest.mark.parametrize("file", MODULES, ids=lambda file: file.stem)
def test_no_text_is_put_together_for_a_shell(file: Path) -> None:
    for node in ast.walk(ast.parse(file.read_text())):
        if not isinstance(node, ast.Call):
            continue
        assert not [word for word in node.keywords if word.arg == "shell"], "no shell of this computer either"
        name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
        assert name not in ("system", "popen", "eval", "exec")
        if name in SENDERS and node.args:
            first = node.args[0]
            text = isinstance(first, (ast.JoinedStr, ast.BinOp)) or isinstance(getattr(first, "value", None), str)
            assert not text, ast.unparse(node)


def test_importing_the_room_loads_no_adbutils() -> None:
    import subprocess  # noqa: PLC0415
    import sys  # noqa: PLC0415

    code = "import sys, environments; sys.exit(any(name.startswith('adbutils') for name in sys.modules))"
    assert subprocess.run([sys.executable, "-c", code], cwd=FOLDER.parents[1], check=False).returncode == 0


def test_without_adbutils_it_says_what_to_install() -> None:
    import subprocess  # noqa: PLC0415
    import sys  # noqa: PLC0415

    code = (
        "import sys; sys.modules['adbutils'] = None\n"
        "from environments.errors import MissingExtra\n"
        "try:\n    import environments.android.driver\n"
        "except MissingExtra as exc:\n    print(exc, '|', exc.fix)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=FOLDER.parents[1], capture_output=True, check=True)
    assert b"'adbutils', which is not installed | pip install 'handeye[android]'" in done.stdout
