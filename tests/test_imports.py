"""The house as a whole: who imports whom, what an import does, and constructs that are found nowhere in it."""

import ast
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

from agent.dialects import DIALECTS
from agent.models import MODELS
from environments import ENVIRONMENTS
from environments.registry import Registry

ROOT = Path(__file__).parents[1]
MAY_IMPORT = {
    "environments": {"environments"},
    "agent": {"agent", "environments"},
    "tools": {"tools", "agent", "environments", "handeye"},
    "handeye": {"agent", "environments"},
}
HEAVY = {
    "torch", "torchvision", "transformers", "pyautogui", "mss", "Xlib", "adbutils", "jeepney", "numpy", "httpx",
    "pyvirtualdisplay",
}  # fmt: skip
FILES = sorted(path for room in ("agent", "environments", "tools") for path in (ROOT / room).rglob("*.py"))
FILES.append(ROOT / "handeye.py")
LEAF_OF = {"checkpoint": "qwen2vl", "tiny": "qwen2vl"}
"""Files of a leaf whose names do not say so; otherwise agent/models/chat_wire.py belongs to `chat`."""


def name_of(path: Path) -> str:
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


MODULES = {name_of(path): path for path in FILES}


@cache
def tree_of(path: Path) -> ast.Module:
    return ast.parse(path.read_text())


def imports_of(path: Path, *, at_once: bool = False) -> Iterator[str]:
    """The modules that a file imports; `at_once`: only those that are loaded when it is imported itself."""
    nodes = _outside_functions(tree_of(path)) if at_once else ast.walk(tree_of(path))
    for node in nodes:
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: rooms are imported by their plain names"
            for alias in node.names:
                whole = f"{node.module}.{alias.name}"
                yield whole if whole in MODULES else str(node.module)


def _outside_functions(node: ast.AST) -> Iterator[ast.AST]:
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
            continue
        if isinstance(child, ast.If) and "TYPE_CHECKING" in ast.unparse(child.test):
            continue
        yield child
        yield from _outside_functions(child)


PUT_TOGETHER = {"environments.simulated": {"driver android", "driver phone"}}
"""Modules whose whole purpose is to put leaves together; they belong to none."""


def leaf_of(module: str) -> str:
    """The driver, model backend or dialect to which a module belongs, or nothing."""
    match module.split("."):
        case ["agent", "models", name, *_]:
            return f"model {LEAF_OF.get(name, name.split('_')[0])}"
        case ["agent", "dialects", name, *_]:
            return f"dialect {name}"
        case ["environments", ("desktop" | "android" | "phone") as driver, *_]:
            return f"driver {driver}"
    return ""


@pytest.mark.parametrize("path", FILES, ids=name_of)
def test_a_room_imports_only_what_it_may_know(path: Path) -> None:
    room = name_of(path).split(".")[0]
    rooms = {name.split(".")[0] for name in imports_of(path)} & {*MAY_IMPORT, "tests"}
    assert rooms <= MAY_IMPORT[room]


@pytest.mark.parametrize("path", [path for path in FILES if path.parts[-2] != "tools"], ids=name_of)
def test_a_leaf_is_imported_by_itself_alone(path: Path) -> None:
    """Everything else reaches it through a table of names; tools/ is what wires things together."""
    own = leaf_of(name_of(path))
    leaves = {leaf_of(name) for name in imports_of(path)} - {""}
    assert leaves <= {own} | PUT_TOGETHER.get(name_of(path), set())


def test_no_imports_go_in_a_circle() -> None:
    graph = {
        name: {other for other in imports_of(path, at_once=True) if other in MODULES} for name, path in MODULES.items()
    }
    done: set[str] = set()

    def visit(name: str, path: tuple[str, ...]) -> None:
        assert name not in path, " -> ".join([*path, name])
        if name not in done:
            for other in graph[name]:
                visit(other, (*path, name))
            done.add(name)

    for name in graph:
        visit(name, ())
    assert done == set(MODULES)
    assert sum(map(len, graph.values())) > 100


@pytest.mark.parametrize("table", [DIALECTS, MODELS, ENVIRONMENTS], ids=lambda table: table.kind)
def test_every_name_in_a_table_stands_for_a_module(table: Registry[Any]) -> None:
    assert table.builtin
    for target in table.builtin.values():
        assert find_spec(target.partition(":")[0]) is not None
        assert target.partition(":")[0] in MODULES


# What an import does


def fresh(program: str, cwd: Path) -> str:
    """The output of a program in a Python of its own, whose rooms are these."""
    program = f"import sys; sys.path.insert(0, {str(ROOT)!r})\n{program}"
    done = subprocess.run([sys.executable, "-c", program], cwd=cwd, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    return done.stdout


@pytest.mark.parametrize(
    "program",
    [
        "import agent, environments, handeye",
        "import agent.run, agent.models, agent.dialects.handeye_json, environments.contract",
        "import handeye; [getattr(handeye, name) for name in handeye.__all__]",
        "from handeye import *",
        "from handeye import open_model, ScriptedModel; ScriptedModel([])",
    ],
)
def test_the_rooms_load_nothing_heavy(program: str, tmp_path: Path) -> None:
    loaded = fresh(f"{program}\nprint(*sorted({{name.split('.')[0] for name in sys.modules}}))", tmp_path).split()
    assert set(loaded) & HEAVY == set()
    assert {"agent", "environments"} & set(loaded)


def test_importing_any_module_does_nothing_but_define(tmp_path: Path) -> None:
    """No output, no file, no thread, no change of the environment, and no display. (One module is torch itself.)"""
    names = [name for name in MODULES if name.split(".")[0] != "tools" and name != "agent.models.qwen2vl_torch"]
    program = f"""
import importlib, os, threading
os.environ.pop("DISPLAY", None)
before = dict(os.environ)
for name in {names!r}:
    importlib.import_module(name)
assert dict(os.environ) == before, set(os.environ.items()) ^ set(before.items())
assert threading.active_count() == 1
"""
    assert fresh(program, tmp_path) == ""
    assert list(tmp_path.iterdir()) == []


# What is found nowhere

BANNED_NAMES = {"eval", "exec", "compile", "__import__"}
BANNED_CALLS = {
    "os.system", "os.popen", "ast.literal_eval", "yaml.load", "torch.load", "subprocess.getoutput",
    "subprocess.getstatusoutput", "os.putenv",
}  # fmt: skip
BANNED_MODULES = {"pickle", "cPickle", "dill", "marshal", "shelve", "yaml", "imp", "pdb"}


def banned_in(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            called = ast.unparse(node.func)
            if called in BANNED_NAMES or called in BANNED_CALLS:
                yield called
            for keyword in node.keywords:
                if keyword.arg == "shell" and not (isinstance(keyword.value, ast.Constant) and not keyword.value.value):
                    yield "shell="
        elif isinstance(node, ast.Import):
            yield from {alias.name.split(".")[0] for alias in node.names} & BANNED_MODULES
        elif isinstance(node, ast.ImportFrom):
            yield from {str(node.module).split(".")[0]} & BANNED_MODULES
            yield from {alias.name for alias in node.names} & {"literal_eval", "system", "popen"}


@pytest.mark.parametrize("path", FILES, ids=name_of)
def test_model_output_and_files_are_never_executed(path: Path) -> None:
    assert list(banned_in(tree_of(path))) == []


@pytest.mark.parametrize(
    "code",
    [
        "eval(text)", "exec(text)", "import pickle", "from pickle import loads", "os.system('ls')", "import marshal",
        "subprocess.run('ls', shell=True)", "subprocess.run('ls', shell=flag)", "ast.literal_eval(text)",
        "from ast import literal_eval", "import yaml", "__import__('os')", "def f():\n    import dill",
    ],
)  # fmt: skip
def test_the_search_finds_what_it_looks_for(code: str) -> None:
    assert list(banned_in(ast.parse(code)))


def test_what_is_harmless_is_not_found() -> None:
    code = "network.eval()\nsubprocess.run(['ls'], shell=False)\nre.compile('x')\nparse_exec(text)"
    assert list(banned_in(ast.parse(code))) == []


@pytest.mark.parametrize("path", FILES, ids=name_of)
def test_printing_and_broad_excepts_outside_tools_give_their_reason(path: Path) -> None:
    """Processes of their own speak to their parent; every other module returns what it has to say."""
    lines = path.read_text().splitlines()
    for node in ast.walk(tree_of(path)):
        if isinstance(node, ast.Call) and ast.unparse(node.func) == "print" and path.parts[-2] != "tools":
            assert has_reason(lines[node.lineno - 1], "T201")
        if isinstance(node, ast.ExceptHandler):
            kinds = ast.unparse(node.type) if node.type else "everything"
            raises = any(isinstance(inner, ast.Raise) for inner in ast.walk(node))
            if kinds in ("everything", "Exception", "BaseException") and not raises:
                assert has_reason(lines[node.lineno - 1], "BLE001")


def has_reason(line: str, rule: str) -> bool:
    _, found, reason = line.partition(f"# noqa: {rule}")
    return bool(found) and len(reason.strip(" #-")) > 15
