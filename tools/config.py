"""The one configuration: defaults, a file, environment variables, command-line options; later ones win.

    loaded = load({"model": "scripted:replies.json", "steps": None})      # None: the option was not given
    loaded.settings.model, loaded.sources["model"]                         # 'scripted:replies.json', '--model'

The file is `handeye.toml`, or `[tool.handeye]` in pyproject.toml, in the nearest folder from the current one upwards
that has either; handeye.toml wins where both stand in one folder. A variable is `HANDEYE_` and the field's name in
capitals; an empty one counts as not set. This module does not know what the values mean to a screen or a model.
"""

import difflib
import os
import re
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, NamedTuple
from urllib.parse import urlsplit

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, SecretStr, ValidationError

from environments.errors import HandeyeError

PREFIX = "HANDEYE_"
FALLBACKS = {"base_url": "OPENAI_BASE_URL", "api_key": "OPENAI_API_KEY"}
"""Variables of other tools that are read where handeye's own is not set."""
HIDDEN = "***"

_FOLDERS_AND_FILES = ("out", "stop_file")
_LARGEST_SIDE = 8192


class ConfigError(HandeyeError, ValueError):
    """The configuration cannot be used; the message has a line for each thing that is wrong."""


def _web_address(text: str) -> str:
    try:
        parts = urlsplit(text)
        usable = parts.scheme in ("http", "https") and bool(parts.hostname) and (parts.port is None or parts.port > 0)
    except ValueError:
        usable = False
    if not usable:
        raise ValueError("should be a web address such as http://localhost:8000/v1")
    return text


def _width_by_height(text: str) -> str:
    match = re.fullmatch(r"([1-9][0-9]{0,3})x([1-9][0-9]{0,3})", text)
    if not match or max(int(side) for side in match.groups()) > _LARGEST_SIDE:
        raise ValueError(f"should be WIDTHxHEIGHT in pixels, each from 1 to {_LARGEST_SIDE}, such as 1280x800")
    return text


Text = Annotated[str, Field(min_length=1)]
Count = Annotated[int, Field(ge=1)]
Seconds = Annotated[float, Field(gt=0)]
WebAddress = Annotated[str, AfterValidator(_web_address)]
ScreenSize = Annotated[str, AfterValidator(_width_by_height)]


class Settings(BaseModel):
    """Every value that a person can set, each with its default."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, allow_inf_nan=False)

    env: Text = Field(default="desktop:headless", description="the screen to act on")
    model: Text = Field(default="qwen2vl:Qwen/Qwen2-VL-2B-Instruct", description="the model that decides")
    dialect: Text = Field(default="handeye-json", description="how the model is spoken to and speaks")
    base_url: WebAddress | None = Field(default=None, description="the address of an OpenAI-compatible server")
    api_key: SecretStr | None = Field(default=None, description="the key for it, from environment variables only")
    device: Text | None = Field(default=None, description="where a local model computes, such as cpu or cuda")
    steps: Count = Field(default=30, description="the most steps of a run")
    seconds: Seconds = Field(default=600.0, description="the most seconds of a run")
    screenshots: Count = Field(default=1, description="how many of the last screenshots a prompt holds")
    out: Text = Field(default="episodes", description="the folder in which episodes are kept")
    stop_file: Text | None = Field(default=None, description="a run ends as soon as this file exists")
    screen_size: ScreenSize = Field(default="1280x800", description="the size of a private display, in pixels")


FIELDS = tuple(Settings.model_fields)


@dataclass(frozen=True)
class Loaded:
    """The settings, where each came from as a person would name it, and the file that was read, if any.

    `ignored` are the `HANDEYE_` variables that name no field: perhaps meant for something else, perhaps misspelt.
    """

    settings: Settings
    sources: Mapping[str, str]
    file: Path | None = None
    ignored: tuple[str, ...] = ()


class Row(NamedTuple):
    """One line of `handeye config`. `value` is None when nothing is set; secrets are hidden."""

    name: str
    value: str | int | float | None
    source: str
    about: str


class _Layer(NamedTuple):
    """The values of one source, and for each the name of where it stands."""

    values: dict[str, Any]
    sources: dict[str, str]
    texts: bool = False


def load(
    options: Mapping[str, object] | None = None, *, cwd: Path | None = None, environ: Mapping[str, str] | None = None
) -> Loaded:
    """Read every source. `options` has field names for keys, and None for what was not given.

    `cwd` is where the search for a file begins (default: the current folder); relative paths in a file start at the
    file's own folder, all others at the current one. Raises ConfigError, also for a bad value that another overrides.
    """
    environ = os.environ if environ is None else environ
    file, table = find_file(Path.cwd() if cwd is None else cwd)
    values: dict[str, Any] = {}
    sources = dict.fromkeys(FIELDS, "default")
    layers = [_from_variables(environ), _from_options(options or {})]
    if file is not None:
        layers.insert(0, _from_file(file, table))
    for layer in layers:
        checked = _checked(layer)
        values |= {name: getattr(checked, name) for name in layer.values}
        sources |= layer.sources
    known = {PREFIX + name.upper() for name in FIELDS}
    ignored = tuple(sorted(name for name in environ if name.startswith(PREFIX) and name not in known))
    return Loaded(Settings().model_copy(update=values), sources, file, ignored)


def config_rows(loaded: Loaded) -> list[Row]:
    """Each field with its value and source, in the order of Settings; fit for a table and for JSON."""
    return [
        Row(name, _shown(name, getattr(loaded.settings, name)), loaded.sources[name], field.description or "")
        for name, field in Settings.model_fields.items()
    ]


def find_file(folder: Path) -> tuple[Path | None, dict[str, Any]]:
    """The nearest file that configures handeye, from `folder` upwards, and its table; (None, {}) without one."""
    folder = folder.absolute()
    for place in (folder, *folder.parents):
        own = _read_toml(place / "handeye.toml")
        if own is not None:
            return place / "handeye.toml", own
        tool = (_read_toml(place / "pyproject.toml") or {}).get("tool")
        if isinstance(tool, dict) and "handeye" in tool:
            if not isinstance(tool["handeye"], dict):
                raise ConfigError(f"{place / 'pyproject.toml'}: tool.handeye should be a table, [tool.handeye]")
            return place / "pyproject.toml", tool["handeye"]
    return None, {}


def _read_toml(path: Path) -> dict[str, Any] | None:
    try:
        data = path.read_bytes()
    except (FileNotFoundError, NotADirectoryError, IsADirectoryError):
        return None
    except OSError as error:
        raise ConfigError(f"{path} cannot be read: {error.strerror}") from error
    try:
        return tomllib.loads(data.decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise ConfigError(f"{path}, line {line}: not UTF-8 text") from error
    except tomllib.TOMLDecodeError as error:
        reason, _, place = str(error).rpartition(" (at ")
        number = re.match(r"line (\d+)", place)
        line = int(number[1]) if number else data.rstrip().count(b"\n") + 1
        raise ConfigError(f"{path}, line {line}: {reason[:1].lower()}{reason[1:]}") from error


def _from_file(file: Path, table: dict[str, Any]) -> _Layer:
    if "api_key" in table:
        raise ConfigError(
            f"{file} holds an api_key, and files are shared and kept",
            fix=f"take it out, make it void where it was issued, and set {PREFIX}API_KEY instead",
        )
    _refuse_unknown(table, str(file))
    values = dict(table)
    for name in _FOLDERS_AND_FILES:
        if isinstance(values.get(name), str) and values[name]:
            values[name] = str(file.parent / _home(values[name]))
    return _Layer(values, dict.fromkeys(table, str(file)))


def _from_variables(environ: Mapping[str, str]) -> _Layer:
    sources: dict[str, str] = {}
    for name in FIELDS:
        for variable in (PREFIX + name.upper(), FALLBACKS.get(name, "")):
            if environ.get(variable):
                sources[name] = variable
                break
    return _Layer({name: environ[variable] for name, variable in sources.items()}, sources, texts=True)


def _from_options(options: Mapping[str, object]) -> _Layer:
    if options.get("api_key") is not None:
        raise ConfigError(
            "an api_key is not taken as an option, where every program on this machine could read it",
            fix=f"set {PREFIX}API_KEY instead",
        )
    _refuse_unknown(options, "the options")
    given = {name: value for name, value in options.items() if value is not None}
    values = {name: os.fspath(value) if isinstance(value, os.PathLike) else value for name, value in given.items()}
    return _Layer(values, {name: "--" + name.replace("_", "-") for name in values})


def _checked(layer: _Layer) -> Settings:
    try:
        if layer.texts:
            return Settings.model_validate_strings(layer.values)
        return Settings.model_validate(layer.values)
    except ValidationError as error:
        lines = []
        for problem in error.errors(include_url=False, include_context=False):
            name = str(problem["loc"][0])
            shown = _shown(name, layer.values[name])
            quoted = repr(shown) if isinstance(layer.values[name], str) else shown
            expected = re.sub("^.*?(?=should )", "", problem["msg"])
            lines.append(f"{name} = {quoted} from {layer.sources[name]}: {expected}")
    # Outside the block above, so that no traceback shows pydantic's error, which quotes the value unhidden.
    raise ConfigError("\n".join(lines))


def _refuse_unknown(names: Iterable[str], where: str) -> None:
    unknown = [name for name in names if name not in FIELDS]
    if unknown:
        lines = (f"{where}: there is no '{name}'; the nearest is '{_nearest(name)}'" for name in unknown)
        raise ConfigError("\n".join(lines), fix="what can be set: " + ", ".join(FIELDS))


def _nearest(name: str) -> str:
    return difflib.get_close_matches(name.lower().replace("-", "_"), FIELDS, n=1, cutoff=0)[0]


def _home(text: str) -> Path:
    try:
        return Path(text).expanduser()
    except RuntimeError:  # ~somebody who is not known here: a folder of that very name
        return Path(text)


def _shown(name: str, value: object) -> str | int | float | None:
    """A value as anyone may see it."""
    if value is None or isinstance(value, int | float):
        return value
    if name == "api_key":
        return HIDDEN
    text = str(value)
    if name == "base_url":
        text = re.sub(r"//[^/@]*@", f"//{HIDDEN}@", text)
    return text if len(text) <= 200 else text[:200] + "…"
