"""A model's folder on disk, and what can be known to be wrong with it before a byte of it is loaded.

Knows the layout that model hubs use (config.json, *.safetensors) and imports no torch: the checks take milliseconds
and their messages name the file that is at fault.
"""

import json
import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from agent.errors import ModelUnavailable
from environments.errors import MissingExtra

_HUB_ID = re.compile(r"\w[\w.-]*/\w[\w.-]*", re.ASCII)
_PROCESSOR_FILES = ("*.json", "*.jinja", "*.txt", "*.model")
_WEIGHT_FILES = ("*.safetensors",)
_LARGEST_HEADER = 100_000_000


def is_hub_id(source: str) -> bool:
    """Whether `source` reads as `owner/name` and is not, at the same time, something on this disk."""
    return _HUB_ID.fullmatch(source) is not None and not Path(source).exists()


def local_folder(source: str) -> Path:
    """`source` as a folder. Raises ModelUnavailable when it is none."""
    folder = Path(source).expanduser()
    if folder.is_file():
        raise ModelUnavailable(f"{source} is a file", fix=f"give its folder: {folder.parent}")
    if not folder.is_dir():
        raise ModelUnavailable(f"the model folder {source} does not exist", fix=_download(str(folder)))
    return folder


def hub_folder(hub_id: str, revision: str | None, *, weights: bool) -> Path:
    """The hub's files in the local cache, downloaded if they are not there yet; its name is the commit.

    Weights are fetched only when asked for. Raises ModelUnavailable when the hub cannot be reached and the cache
    does not hold them, and MissingExtra.
    """
    try:
        import huggingface_hub  # noqa: PLC0415 - heavy, and needed only for hub ids
        from huggingface_hub import errors  # noqa: PLC0415
    except ModuleNotFoundError as exc:
        raise MissingExtra("loading a model from the hub", "vlm", exc.name or "huggingface_hub") from exc
    patterns = [*_PROCESSOR_FILES, *(_WEIGHT_FILES if weights else ())]
    network_error = errors.HTTPError  # type: ignore[attr-defined]  # which HTTP library's depends on the version
    try:
        return Path(huggingface_hub.snapshot_download(hub_id, revision=revision, allow_patterns=patterns))
    except (OSError, ValueError, network_error) as exc:
        wanted = f"{hub_id}@{revision}" if revision else hub_id
        raise ModelUnavailable(
            f"{wanted} is no folder here, is not in the local cache, and could not be fetched: {first_line(exc)}",
            fix=f"check the name and the network, or on a machine with a network: hf download {hub_id}",
        ) from exc


def read_config(folder: Path, architecture: str) -> dict[str, Any]:
    """config.json. Raises ModelUnavailable when it is missing, no JSON, or of another architecture."""
    path = folder / "config.json"
    config = _read_json(path)
    found = config.get("model_type")
    if found != architecture:
        raise ModelUnavailable(
            f"{path} describes a model of type {found!r}; this backend runs {architecture!r} only",
            fix="choose a checkpoint of that architecture, such as Qwen/Qwen2-VL-2B-Instruct, "
            "or serve the other one and reach it as a chat model",
        )
    return config


def check_weights(folder: Path) -> None:
    """Raise ModelUnavailable unless every safetensors file that belongs to the folder is there and whole."""
    index = folder / "model.safetensors.index.json"
    if index.is_file():
        shards = _read_json(index).get("weight_map")
        if not isinstance(shards, dict) or not shards:
            raise ModelUnavailable(f"{index} lists no weights", fix=_download(str(folder)))
        files: Iterable[Path] = [folder / str(name) for name in sorted(set(map(str, shards.values())))]
    else:
        files = [folder / "model.safetensors"]
    for path in files:
        if not path.is_file():
            raise ModelUnavailable(
                f"{folder} has no weights in safetensors format: {path.name} is missing", fix=_download(str(folder))
            )
        _check_safetensors(path)


def _check_safetensors(path: Path) -> None:
    """The file's header says how long the file must be (safetensors format: length, JSON header, tensors)."""
    size = path.stat().st_size
    try:
        with path.open("rb") as file:
            header_size = int.from_bytes(file.read(8), "little")
            if not 2 <= header_size <= min(size - 8, _LARGEST_HEADER):
                raise ValueError("no header")
            header = json.loads(file.read(header_size))
        ends = [entry["data_offsets"][1] for name, entry in header.items() if name != "__metadata__"]
        expected = 8 + header_size + max(ends, default=0)
    except (OSError, ValueError, KeyError, TypeError, IndexError, AttributeError) as exc:
        raise ModelUnavailable(
            f"{path} is no whole safetensors file ({size} bytes)", fix=_download(str(path.parent))
        ) from exc
    if size != expected:
        raise ModelUnavailable(
            f"{path} is cut short or damaged: {size} bytes where its header promises {expected}",
            fix=_download(str(path.parent)),
        )


def _read_json(path: Path) -> dict[str, Any]:
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError as exc:
        raise ModelUnavailable(
            f"{path.parent} is no model folder: {path.name} is missing", fix=_download(str(path.parent))
        ) from exc
    except (OSError, ValueError) as exc:
        raise ModelUnavailable(f"{path} cannot be read: {first_line(exc)}", fix=_download(str(path.parent))) from exc
    if not isinstance(found, dict):
        raise ModelUnavailable(f"{path} holds no JSON object", fix=_download(str(path.parent)))
    return found


def _download(folder: str) -> str:
    return f"hf download Qwen/Qwen2-VL-2B-Instruct --local-dir '{folder}'"


def first_line(error: BaseException) -> str:
    """What an error says, in one line."""
    return (str(error).strip() or type(error).__name__).splitlines()[0]
