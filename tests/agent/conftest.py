"""Tiny Qwen2-VL checkpoints for the tests of this room: written once, copied by whoever breaks one."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from agent.models.tiny import write_tiny_checkpoint


@pytest.fixture(scope="session")
def tiny_processor(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A checkpoint without weights. Not to be written to."""
    return write_tiny_checkpoint(tmp_path_factory.mktemp("processor") / "Tiny-VL", with_weights=False)


@pytest.fixture(scope="session")
def tiny_checkpoint(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A checkpoint with random weights. Not to be written to."""
    return write_tiny_checkpoint(tmp_path_factory.mktemp("checkpoint") / "Tiny-VL", seed=1)


@pytest.fixture
def tiny_copy(tiny_checkpoint: Path, tmp_path: Path) -> Path:
    """A copy of the checkpoint for a test to damage."""
    return Path(shutil.copytree(tiny_checkpoint, tmp_path / "Tiny-VL"))


@pytest.fixture
def hub_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str, str, Path], None]:
    """An empty hub cache and no network; the function puts a folder into the cache as (hub id, commit, folder)."""
    constants = pytest.importorskip("huggingface_hub.constants")
    cache = tmp_path / "hub"
    cache.mkdir()
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(cache))
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)

    def store(hub_id: str, commit: str, folder: Path) -> None:
        repository = cache / f"models--{hub_id.replace('/', '--')}"
        shutil.copytree(folder, repository / "snapshots" / commit)
        (repository / "refs").mkdir()
        (repository / "refs" / "main").write_text(commit)

    return store
