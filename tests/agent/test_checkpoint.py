"""What is wrong with a model folder is said before anything of it is loaded. No torch here."""

import json
import struct
from collections.abc import Callable
from pathlib import Path

import pytest

from agent.errors import ModelUnavailable
from agent.models import checkpoint
from agent.models.qwen2vl import Qwen2VLModel

COMMIT = "0123456789abcdef0123456789abcdef01234567"


def write_safetensors(path: Path, payload: int = 8, promised: int = 8) -> Path:
    """A file of one tensor whose header promises `promised` bytes and that holds `payload`."""
    header = json.dumps({"a": {"dtype": "U8", "shape": [promised], "data_offsets": [0, promised]}}).encode()
    path.write_bytes(struct.pack("<Q", len(header)) + header + bytes(payload))
    return path


def refused(folder: Path) -> ModelUnavailable:
    with pytest.raises(ModelUnavailable) as caught:
        checkpoint.check_weights(folder)
    assert caught.value.fix
    return caught.value


@pytest.mark.parametrize(
    ("source", "is_id"),
    [
        ("Qwen/Qwen2-VL-2B-Instruct", True),
        ("owner/name.with_dots-1", True),
        ("name", False),
        ("/models/qwen", False),
        ("./models/qwen", False),
        ("../qwen", False),
        ("~/qwen", False),
        ("a/b/c", False),
        ("owner/", False),
        ("", False),
        ("owner/na me", False),
    ],
)
def test_what_counts_as_a_hub_id(source: str, is_id: bool) -> None:
    assert checkpoint.is_hub_id(source) is is_id


def test_a_folder_that_looks_like_a_hub_id_is_a_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "models" / "mine").mkdir(parents=True)
    monkeypatch.chdir(tmp_path)
    assert not checkpoint.is_hub_id("models/mine")


def test_whole_weights_pass(tmp_path: Path) -> None:
    write_safetensors(tmp_path / "model.safetensors")
    checkpoint.check_weights(tmp_path)


def test_whole_shards_pass_and_a_missing_one_is_named(tmp_path: Path) -> None:
    index = {"weight_map": {"a": "part-1.safetensors", "b": "part-2.safetensors", "c": "part-1.safetensors"}}
    (tmp_path / "model.safetensors.index.json").write_text(json.dumps(index))
    write_safetensors(tmp_path / "part-1.safetensors")
    assert "part-2.safetensors is missing" in str(refused(tmp_path))
    write_safetensors(tmp_path / "part-2.safetensors")
    checkpoint.check_weights(tmp_path)


@pytest.mark.parametrize("index", ['{"weight_map": {}}', "{}", '{"weight_map": []}', "[]", "{", ""])
def test_an_index_that_lists_nothing(tmp_path: Path, index: str) -> None:
    (tmp_path / "model.safetensors.index.json").write_text(index)
    write_safetensors(tmp_path / "model.safetensors")
    assert "model.safetensors.index.json" in str(refused(tmp_path))


def test_no_weights(tmp_path: Path) -> None:
    error = refused(tmp_path)
    assert "no weights" in str(error)
    assert str(tmp_path) in error.fix


def test_pickled_weights_do_not_count(tmp_path: Path) -> None:
    (tmp_path / "pytorch_model.bin").write_bytes(b"\x80\x04")
    assert "safetensors" in str(refused(tmp_path))


@pytest.mark.parametrize("payload", [0, 7, 9])
def test_a_file_of_another_length_than_its_header_promises(tmp_path: Path, payload: int) -> None:
    write_safetensors(tmp_path / "model.safetensors", payload=payload, promised=8)
    assert "cut short or damaged" in str(refused(tmp_path))


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"abc",
        b"version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 123\n",
        struct.pack("<Q", 2**63) + b"{}",
        struct.pack("<Q", 2) + b"[]",
        struct.pack("<Q", 2) + b"{,",
        struct.pack("<Q", 7) + b'{"a":1}',
        struct.pack("<Q", 7) + b'{"a":{}',
    ],
)
def test_what_is_no_safetensors_file_at_all(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "model.safetensors").write_bytes(content)
    assert "no whole safetensors file" in str(refused(tmp_path))


def constructing(source: str | Path) -> ModelUnavailable:
    """The error of opening the model, which carries a line that helps."""
    with pytest.raises(ModelUnavailable) as caught:
        Qwen2VLModel(source)
    assert caught.value.fix
    return caught.value


def test_a_folder_that_does_not_exist(tmp_path: Path) -> None:
    error = constructing(tmp_path / "nowhere")
    assert "nowhere does not exist" in str(error)
    assert "hf download" in error.fix


def test_a_file_instead_of_a_folder(tmp_path: Path) -> None:
    path = write_safetensors(tmp_path / "model.safetensors")
    error = constructing(path)
    assert "is a file" in str(error)
    assert str(tmp_path) in error.fix


def test_a_folder_without_config(tmp_path: Path) -> None:
    write_safetensors(tmp_path / "model.safetensors")
    assert "config.json is missing" in str(constructing(tmp_path))


@pytest.mark.parametrize("text", ["", "{", "\xff", "[]", "null"])
def test_a_config_that_does_not_read(tmp_path: Path, text: str) -> None:
    (tmp_path / "config.json").write_text(text, encoding="latin-1")
    assert "config.json" in str(constructing(tmp_path))


@pytest.mark.parametrize("model_type", ["llama", "qwen2_5_vl", "qwen3_vl", "", None, 7])
def test_another_architecture(tmp_path: Path, model_type: object) -> None:
    (tmp_path / "config.json").write_text(json.dumps({"model_type": model_type}))
    error = constructing(tmp_path)
    assert repr(model_type) in str(error)
    assert "Qwen/Qwen2-VL-2B-Instruct" in error.fix


@pytest.mark.parametrize("limits", [(0, 10), (-1, 10), (11, 10), (1, 0)])
def test_token_limits_that_are_no_range(tiny_processor: Path, limits: tuple[int, int]) -> None:
    with pytest.raises(ValueError, match="no range"):
        Qwen2VLModel(tiny_processor, min_tokens_per_image=limits[0], max_tokens_per_image=limits[1])


def test_options_that_mean_nothing(tiny_processor: Path) -> None:
    with pytest.raises(ValueError, match="float33"):
        Qwen2VLModel(tiny_processor, dtype="float33")
    for device in ("gpu", "cuda:", "cuda:x", "cpu:0 ", ""):
        with pytest.raises(ValueError, match="device"):
            Qwen2VLModel(tiny_processor, device=device)
    with pytest.raises(ValueError, match="hub id"):
        Qwen2VLModel(tiny_processor, revision="main")


def test_names(tiny_processor: Path) -> None:
    assert Qwen2VLModel(tiny_processor).name == str(tiny_processor)
    assert Qwen2VLModel("some-owner/some-model").name == "some-owner/some-model"
    assert Qwen2VLModel("some-owner/some-model", revision="v2").name == "some-owner/some-model@v2"


def test_a_cached_hub_id_is_a_folder_named_by_its_commit(
    hub_cache: Callable[[str, str, Path], None], tiny_processor: Path
) -> None:
    hub_cache("some-owner/some-model", COMMIT, tiny_processor)
    folder = checkpoint.hub_folder("some-owner/some-model", None, weights=False)
    assert folder.name == COMMIT
    assert checkpoint.read_config(folder, "qwen2_vl")["hidden_size"] == 64


@pytest.mark.parametrize("revision", [None, "v2"])
def test_a_hub_id_out_of_reach(hub_cache: Callable[[str, str, Path], None], revision: str | None) -> None:
    with pytest.raises(ModelUnavailable, match="some-owner/some-model") as caught:
        checkpoint.hub_folder("some-owner/some-model", revision, weights=True)
    assert "hf download some-owner/some-model" in caught.value.fix
