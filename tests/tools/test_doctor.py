"""The doctor finds what is missing, names the command that mends it, and raises no false alarm."""

import importlib.util
import json
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from agent.models.tiny import write_tiny_checkpoint
from tests.agent import fault_server as fs
from tests.agent.fault_server import Exchange, FaultServer, Received
from tests.tools.command import SUCCESS, environ, handeye, objects, script
from tools import doctor
from tools.config import load
from tools.doctor import TYPING_TEST, examine, print_findings
from tools.doctor_model import examine_model
from tools.finding import EXTRAS, Finding

KEY = "sk-live-77aa3b9f1c"
NEEDED = ("Xvfb", "xauth", "openbox", "dbus-daemon", "xterm", "galculator", "xclip", "adb", "sh", "cat")


def look(model: str, **variables: str) -> Finding:
    """The finding on a model."""
    return examine_model(load({"model": model}, cwd=Path("/"), environ=variables))


def by_name(findings: list[Finding]) -> dict[str, Finding]:
    return {finding.name: finding for finding in findings}


# --- the whole of it ---


@pytest.mark.display
def test_everything_is_well_here(tmp_path: Path) -> None:
    """This suite could not run otherwise."""
    done = handeye("doctor", "--model", script(tmp_path, SUCCESS), cwd=tmp_path)
    assert done.returncode == 0, done.stdout
    assert done.stderr == ""
    lines = done.stdout.splitlines()
    assert not [line for line in lines if not line.startswith(("ok ", "note   your own display"))]
    assert f"{TYPING_TEST} arrived in a terminal" in done.stdout
    assert "elements read from galculator" in done.stdout
    assert all(line.isprintable() for line in lines)
    assert not list(tmp_path.glob("episodes*"))


@pytest.mark.display
def test_findings_for_machines(tmp_path: Path) -> None:
    model = f"qwen2vl:{tmp_path}"
    done = handeye("doctor", "--model", model, "--json", cwd=tmp_path, env=environ(DISPLAY=":987"))
    assert done.returncode == 1
    (line,) = done.stdout.splitlines()
    found = json.loads(line)
    assert {frozenset(one) for one in found} == {frozenset(("name", "state", "detail", "fix"))}
    states = {one["name"]: one["state"] for one in found}
    assert states.pop("model") == "failed"
    assert set(states.values()) == {"ok"}
    assert list(states)[:2] == ["Python", "extra [vlm]"]
    assert {"xclip", "your own display", "private display", "typing", "accessibility"} < set(states)
    assert found[-1]["fix"].startswith("hf download Qwen/Qwen2-VL-2B-Instruct")


# --- programs ---


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A folder with the programs that handeye uses, to be the only one in PATH."""
    folder = tmp_path / "bin"
    folder.mkdir()
    for name in NEEDED:
        found = shutil.which(name)
        assert found is not None, name
        (folder / name).symlink_to(found)
    return folder


PROGRAMS = [(("Xvfb",), "xvfb"), (("openbox",), "openbox"), (("Xvfb", "openbox", "dbus-daemon"), "xvfb openbox dbus")]


@pytest.mark.parametrize(
    ("missing", "packages"), PROGRAMS, ids=lambda value: " ".join(value) if type(value) is tuple else ""
)
def test_without_what_a_private_display_is_made_of(missing: tuple[str, ...], packages: str, path: Path) -> None:
    for name in missing:
        (path / name).unlink()
    done = handeye("doctor", "--json", "--model", script(path, SUCCESS), cwd=path, env=environ(PATH=str(path)))
    assert done.returncode == 1
    findings = by_name([Finding(**one) for one in json.loads(done.stdout)])
    assert findings["private display"].state == "failed"
    assert findings["private display"].fix == f"apt-get install {packages}"
    assert "typing" not in findings
    assert findings["model"].state == "ok"  # the rest is looked at all the same


@pytest.mark.display
def test_without_the_programs_of_its_tests(path: Path, tmp_path: Path) -> None:
    for name in ("xterm", "galculator", "xclip", "adb"):
        (path / name).unlink()
    done = handeye("doctor", "--json", "--model", script(path, SUCCESS), cwd=path, env=environ(PATH=str(path)))
    assert done.returncode == 0  # what is set up works
    findings = by_name([Finding(**one) for one in json.loads(done.stdout)])
    for name in ("xterm", "galculator", "xclip", "adb"):
        assert findings[name].state == "note"
        assert findings[name].fix == f"apt-get install {name}"
    assert findings["private display"].state == "ok"
    assert (findings["typing"].state, findings["typing"].fix) == ("note", "apt-get install xterm")
    assert findings["accessibility"].state == "note"
    assert "galculator is not installed" in findings["accessibility"].detail


# --- packages ---


def hidden(folder: Path, *modules: str) -> str:
    """A folder for PYTHONPATH with which Python finds everything but these modules, in child processes too."""
    (folder / "sitecustomize.py").write_text(f"""
import importlib.util
import sys

HIDDEN = {modules!r}
found = importlib.util.find_spec
importlib.util.find_spec = lambda name, package=None: None if name in HIDDEN else found(name, package)


class Nowhere:
    @staticmethod
    def find_spec(name, path=None, target=None):
        if name in HIDDEN:
            raise ModuleNotFoundError(f"No module named {{name!r}}", name=name)


sys.meta_path.insert(0, Nowhere)
""")
    return str(folder)


@pytest.mark.display
@pytest.mark.parametrize("module", ["pyvirtualdisplay", "mss"])
def test_without_a_package_of_the_desktop(module: str, tmp_path: Path) -> None:
    env = environ(PYTHONPATH=hidden(tmp_path, module))
    done = handeye("doctor", "--json", "--model", script(tmp_path, SUCCESS), cwd=tmp_path, env=env)
    assert done.returncode == 1
    findings = by_name([Finding(**one) for one in json.loads(done.stdout)])
    assert findings["extra [desktop]"] == Finding(
        "extra [desktop]", "note", f"missing: {module}", "pip install 'handeye[desktop]'"
    )
    assert findings["private display"].state == "failed"
    assert findings["private display"].fix == "pip install 'handeye[desktop]'"
    assert module in findings["private display"].detail


@pytest.mark.display
def test_a_run_without_a_package_says_what_to_install(tmp_path: Path) -> None:
    env = environ(PYTHONPATH=hidden(tmp_path, "pyautogui"))
    done = handeye("run", "Do it", "--model", script(tmp_path, SUCCESS), "--json", cwd=tmp_path, env=env)
    assert done.returncode == 4
    (said,) = objects(done.stdout)
    assert "pyautogui" in said["error"]
    assert said["fix"] == "pip install 'handeye[desktop]'"


@pytest.fixture
def without(monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """Takes a module away, as far as the doctor can see."""

    real = importlib.util.find_spec

    def take(module: str) -> None:
        monkeypatch.setattr(importlib.util, "find_spec", lambda name: None if name == module else real(name))

    return take


@pytest.mark.parametrize(("extra", "module"), [(extra, module) for extra in EXTRAS for module in EXTRAS[extra]])
def test_each_package_of_each_extra_is_missed(extra: str, module: str, without: Callable[[str], None]) -> None:
    without(module)
    finding = next(found for found in examine(load(cwd=Path("/"), environ={})) if found.name == f"extra [{extra}]")
    assert finding.state == "note"
    assert finding.detail == f"missing: {module}"
    assert finding.fix == f"pip install 'handeye[{extra}]'"


def test_a_local_model_without_its_packages(without: Callable[[str], None], tmp_path: Path) -> None:
    folder = write_tiny_checkpoint(tmp_path / "Tiny-VL", with_weights=False)
    without("torchvision")
    finding = look(f"qwen2vl:{folder}")
    assert (finding.state, finding.fix) == ("failed", "pip install 'handeye[vlm]'")
    assert "torchvision" in finding.detail


# --- model folders ---


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder that looks whole from the outside; nobody loads it here."""
    folder = write_tiny_checkpoint(tmp_path_factory.mktemp("model") / "Tiny-VL", with_weights=False)
    header = json.dumps({"weight": {"dtype": "F32", "shape": [100], "data_offsets": [0, 400]}}).encode()
    (folder / "model.safetensors").write_bytes(len(header).to_bytes(8, "little") + header + bytes(400))
    return folder


@pytest.fixture
def folder(checkpoint: Path, tmp_path: Path) -> Path:
    """A copy to be damaged."""
    return Path(shutil.copytree(checkpoint, tmp_path / "Tiny-VL"))


@pytest.mark.parametrize("prefix", ["qwen2vl:", ""])
def test_a_whole_folder(prefix: str, checkpoint: Path) -> None:
    finding = look(f"{prefix}{checkpoint}")
    assert (finding.name, finding.state) == ("model", "ok")
    assert str(checkpoint) in finding.detail


def _cut(folder: Path) -> None:
    file = folder / "model.safetensors"
    file.write_bytes(file.read_bytes()[:-100])


def _rename(folder: Path) -> None:
    config = folder / "config.json"
    config.write_text(config.read_text().replace('"qwen2_vl"', '"llama"', 1))


DAMAGE: dict[str, tuple[Callable[[Path], object], str, str]] = {
    "no folder": (shutil.rmtree, "does not exist", "hf download"),
    "no weights": (lambda folder: (folder / "model.safetensors").unlink(), "no weights", "hf download"),
    "cut weights": (_cut, "cut short", "hf download"),
    "no configuration": (lambda folder: (folder / "config.json").unlink(), "config.json is missing", "hf download"),
    "no JSON": (lambda folder: (folder / "config.json").write_text("{"), "config.json cannot be read", "hf download"),
    "another architecture": (_rename, "describes a model of type 'llama'", "choose a checkpoint"),
}


@pytest.mark.parametrize(("damage", "reason", "fix"), DAMAGE.values(), ids=DAMAGE.keys())
def test_a_damaged_folder(damage: Callable[[Path], object], reason: str, fix: str, folder: Path) -> None:
    damage(folder)
    finding = look(f"qwen2vl:{folder}")
    assert finding.state == "failed"
    assert reason in finding.detail
    assert finding.fix.startswith(fix)


def test_a_model_of_the_hub(tmp_path: Path, checkpoint: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    constants = pytest.importorskip("huggingface_hub.constants")
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path))
    finding = look("qwen2vl:somebody/Tiny-VL")
    assert (finding.state, finding.fix) == ("note", "hf download somebody/Tiny-VL")
    repository = tmp_path / "models--somebody--Tiny-VL"
    shutil.copytree(checkpoint, repository / "snapshots" / "abc123")
    (repository / "refs").mkdir()
    (repository / "refs" / "main").write_text("abc123")
    assert look("qwen2vl:somebody/Tiny-VL").state == "ok"
    assert look("somebody/Tiny-VL").state == "ok"


OTHERS = {
    "an unknown kind": ("oracle:1", "there is no model named 'oracle'", "the names are: "),
    "no script": ("scripted:/no/such/file", "cannot be read", "give a JSON file"),
    "no server": ("chat:m", "no server is named", "give --base-url"),
}


@pytest.mark.parametrize(("model", "reason", "fix"), OTHERS.values(), ids=OTHERS.keys())
def test_a_model_that_cannot_be(model: str, reason: str, fix: str) -> None:
    finding = look(model)
    assert finding.state == "failed"
    assert reason in finding.detail
    assert finding.fix.startswith(fix)


def test_a_script_that_can_be_played(tmp_path: Path) -> None:
    model = script(tmp_path, SUCCESS)
    assert look(model) == Finding("model", "ok", model)


# --- servers ---


@pytest.fixture(autouse=True)
def servers_answer_get(monkeypatch: pytest.MonkeyPatch) -> None:
    def do_get(exchange: Exchange) -> None:
        headers = {name.lower(): value for name, value in exchange.headers.items()}
        exchange.server.owner.take(Received(exchange.path, headers, b"", exchange.client_address))(exchange)

    monkeypatch.setattr(Exchange, "do_GET", do_get, raising=False)


def models(*names: str) -> fs.Step:
    return fs.document({"object": "list", "data": [{"id": name, "object": "model"} for name in names]})


def ask(step: fs.Step, model: str = "chat:m", **variables: str) -> tuple[Finding, Received]:
    """What is found on a server, checked for the key, and what it was asked."""
    with FaultServer(step) as server:
        finding = look(model, HANDEYE_BASE_URL=server.url, HANDEYE_API_KEY=KEY, **variables)
        url = server.url
    assert KEY not in str(finding)
    assert url in finding.detail
    (received,) = server.requests
    return finding, received


SERVERS = {
    "lists it": (models("other", "m"), "ok", "status 200", ""),
    "has no list": (fs.status(404), "ok", "status 404", ""),
    "lists nothing": (models(), "ok", "status 200", ""),
    "lists nonsense": (fs.document({"data": [1, {"id": 2}]}), "ok", "status 200", ""),
    "a web page": (fs.raw(b"<html>"), "ok", "status 200", ""),
    "nested too deeply": (fs.raw(b"[" * 200_000), "ok", "status 200", ""),
    "lists others": (models("n", "o"), "note", "does not list m", "give --model chat:n"),
    "echoes the key": (models(KEY), "note", "does not list m", "give --model chat:***"),
    "refuses": (fs.status(401), "failed", "refuses the key (status 401)", "set HANDEYE_API_KEY"),
    "forbids": (fs.status(403), "failed", "refuses the key (status 403)", "set HANDEYE_API_KEY"),
    "is ill": (fs.status(503), "note", "cannot serve (status 503)", "look into its log"),
    "points elsewhere": (fs.status(302, Location="http://x.example/"), "note", "points elsewhere", "mend --base-url"),
    "hangs up": (fs.reset, "failed", "does not answer", "start the server"),
    "speaks no HTTP": (fs.garbage, "failed", "does not answer", "start the server"),
    "never ends": (fs.endless(b"x" * 10_000), "ok", "status 200", ""),
}


@pytest.mark.parametrize(("step", "state", "detail", "fix"), SERVERS.values(), ids=SERVERS.keys())
def test_a_server_that(step: fs.Step, state: str, detail: str, fix: str) -> None:
    finding, received = ask(step)
    assert finding.state == state
    assert detail in finding.detail
    assert finding.fix.startswith(fix)
    assert bool(fix) == bool(finding.fix)
    assert received.path == "/v1/models"
    assert received.headers["authorization"] == f"Bearer {KEY}"


def test_a_server_that_is_down() -> None:
    with FaultServer(fs.reset) as server:
        url = server.url
    finding = look("chat:m", OPENAI_BASE_URL=url, OPENAI_API_KEY=KEY)
    assert (finding.state, finding.fix) == ("failed", "start the server, or mend --base-url")
    assert f"{url} does not answer" in finding.detail


def test_no_key_is_no_header() -> None:
    with FaultServer(models("m")) as server:
        assert look("chat:m", HANDEYE_BASE_URL=server.url).state == "ok"
    assert "authorization" not in server.requests[0].headers


def test_a_proxy_does_not_stand_before_this_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    monkeypatch.setenv("ALL_PROXY", "nonsense://")
    assert ask(models("m"))[0].state == "ok"


def test_settings_for_the_network_that_cannot_be_used(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ALL_PROXY", "nonsense://x")
    finding = look("chat:m", HANDEYE_BASE_URL="http://host.invalid/v1")
    assert finding.state == "failed"
    assert "ALL_PROXY" in finding.fix


@pytest.mark.parametrize("url", [f"http://me:{KEY}@localhost/v1", "http://localhost/v1?x=1"])
def test_an_address_that_could_show_a_secret_is_refused_unseen(url: str) -> None:
    finding = look("chat:m", HANDEYE_BASE_URL=url)
    assert finding.state == "failed"
    assert KEY not in str(finding)


# --- the display ---


@pytest.mark.display
def test_text_that_does_not_arrive(monkeypatch: pytest.MonkeyPatch) -> None:
    """Typed is one text and expected another, as if the keyboard had changed it."""
    monkeypatch.setattr(doctor, "_read_back", lambda file: "zolw")
    finding = by_name(list(examine(load({"model": "none"}, cwd=Path("/"), environ={}))))["typing"]
    assert finding.state == "failed"
    assert f"{TYPING_TEST!r} arrived as 'zolw'" in finding.detail
    assert finding.fix


@pytest.mark.parametrize(("display", "state"), [("", "note"), (":5", "ok")])
def test_the_own_display_is_named_and_left_alone(display: str, state: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DISPLAY", display)
    findings: Iterator[Finding] = examine(load(cwd=Path("/"), environ={}))
    finding = next(found for found in findings if found.name == "your own display")
    assert finding.state == state
    assert display in finding.detail


# --- how it is shown ---


def test_each_finding_is_shown_as_soon_as_it_is_made(capsys: pytest.CaptureFixture[str]) -> None:
    shown: list[str] = []

    def findings() -> Iterator[Finding]:
        yield Finding("first", "ok", "good", "never shown")
        shown.append(capsys.readouterr().out)
        yield Finding("second", "failed", "bad \x1b[2J\u202e[red]", "do \x1bthis " + "long " * 60)
        yield Finding("third", "note", "so so")

    assert [finding.name for finding in print_findings(findings())] == ["first", "second", "third"]
    assert shown == ["ok     first                 good\n"]
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "failed second                bad ␛[2J[red]"
    assert lines[1].strip() == "try: do ␛this " + ("long " * 60).strip()
    assert lines[2] == "note   third                 so so"
