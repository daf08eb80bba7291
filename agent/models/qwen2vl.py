"""Qwen2-VL on this machine, through transformers: any local folder or hub id of that architecture.

This file holds what needs no torch: where the checkpoint is, one call at a time, and the stop. What reads and
writes tensors is in qwen2vl_torch.py and is imported on first use.
"""

import re
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from agent.errors import ModelUnavailable
from agent.model import Reply, Request, Sampling, Timings, Usage
from agent.models import checkpoint
from environments.errors import MissingExtra
from environments.stop import Stop, call

if TYPE_CHECKING:
    from agent.models.qwen2vl_torch import Encoder, Inputs, Network

ARCHITECTURE = "qwen2_vl"
DTYPES = ("float32", "bfloat16", "float16")
_DEVICE = re.compile(r"cpu|mps|(cuda|xpu)(:\d+)?", re.ASCII)
_SLICE_SECONDS = 0.02

T = TypeVar("T")


class Qwen2VLModel:
    """A Model that runs the checkpoint in this process.

    `folder_or_hub_id` is a folder in the hub's layout, or an id such as `Qwen/Qwen2-VL-2B-Instruct`, of which
    `revision` chooses a branch, tag or commit. A screenshot becomes between `min_tokens_per_image` and
    `max_tokens_per_image` tokens of 28x28 pixels each; the limits in the checkpoint's own settings do not count.

    `device` is a torch device; None takes the first CUDA device or else the CPU. `dtype` is one of DTYPES; None
    means bfloat16 on a GPU, and on a CPU what the checkpoint is stored in, except that float16, which CPUs lack,
    becomes float32.

    Constructing it looks at the folder (that it exists, and that config.json names this architecture) and imports
    no torch. Tokenizer and image settings load on first use, weights with the first `complete`, or both with
    `load`, which is worth calling early: it takes seconds, and importing torch for the first time can hold up a
    stop for longer than the 250 ms that hold everywhere else. Code that comes with a checkpoint is never run, and
    weights are read from safetensors only.

    Only checkpoints of type qwen2_vl are accepted; Qwen2.5-VL and Qwen3-VL are other architectures.
    A request's `grammar` is not enforced yet: the dialect's parser has the last word.

    Raises ModelUnavailable, and ValueError for limits, a device or a dtype that mean nothing.
    """

    def __init__(  # noqa: PLR0913 - settings, each by its name
        self,
        folder_or_hub_id: str | Path,
        *,
        device: str | None = None,
        dtype: str | None = None,
        max_tokens_per_image: int = 1280,
        min_tokens_per_image: int = 4,
        revision: str | None = None,
    ) -> None:
        if not 1 <= min_tokens_per_image <= max_tokens_per_image:
            raise ValueError(f"{min_tokens_per_image} to {max_tokens_per_image} tokens per image is no range")
        if dtype is not None and dtype not in DTYPES:
            raise ValueError(f"dtype {dtype!r} is none of {', '.join(DTYPES)}")
        if device is not None and not _DEVICE.fullmatch(device):
            raise ValueError(f"device {device!r} is none of cpu, cuda, cuda:N, xpu, xpu:N, mps")
        self._source = str(folder_or_hub_id)
        self._revision = revision
        self._limits = (min_tokens_per_image, max_tokens_per_image)
        self._device, self._dtype = device, dtype
        self._encoder: Encoder | None = None
        self._network: Network | None = None
        self._busy = threading.Lock()
        self._stop = Stop()
        self._closed = False
        self._on_hub = checkpoint.is_hub_id(self._source)
        if not self._on_hub:
            if revision is not None:
                raise ValueError(f"a revision belongs to a hub id, and {self._source} is a folder")
            checkpoint.read_config(checkpoint.local_folder(self._source), ARCHITECTURE)

    @property
    def name(self) -> str:
        """The folder or hub id as given, the latter with the commit as soon as it is known, else the revision."""
        return f"{self._source}@{self._revision}" if self._revision else self._source

    def load(self, stop: Stop | None = None) -> None:
        """Load everything now, and fetch it from the hub if need be. Raises ModelUnavailable, MissingExtra, Stopped."""
        self._run(self._load, stop or Stop())

    def prepare(self, request: Request) -> None:
        """Does nothing yet: nothing is kept from one request to the next."""

    def prepare_inputs(self, request: Request, stop: Stop | None = None) -> "Inputs":
        """Texts and screenshots to tensors, and how the model would see them, without its weights.

        The folder need hold nothing but config.json, tokenizer, chat template and image settings.
        Raises ModelUnavailable, MissingExtra and Stopped.
        """
        return self._run(lambda: self._load_encoder().encode(request, self._check), stop or Stop())

    def complete(self, request: Request, stop: Stop) -> Reply:
        """Answer; greedily at temperature 0, else drawn, with the same reply for the same seed on one machine.

        `token_ids` include the end token, `text` does not. Raises ModelUnavailable and MissingExtra, ValueError for
        a sampling that means nothing, and Stopped within 250 ms of the stop: what is in flight then ends with the
        current layer, and a call that follows waits for that.
        """
        _check_sampling(request.sampling)
        return self._run(lambda: self._answer(request), stop)

    def close(self) -> None:
        """Let go of the weights. A call in flight ends with ModelUnavailable, and so does every later one."""
        self._closed = True
        self._drop()

    def _run(self, work: Callable[[], T], stop: Stop) -> T:
        """Do `work` in a thread that the caller leaves behind as soon as the stop is given, one work at a time."""

        def alone() -> T:
            while not self._busy.acquire(timeout=_SLICE_SECONDS):  # an earlier work may still be ending
                stop.check()
            try:
                self._stop = stop
                self._check()
                return work()
            finally:
                if self._closed:  # while the work was loading
                    self._drop()
                self._busy.release()

        return call(alone, stop)

    def _check(self) -> None:
        if self._closed:
            raise ModelUnavailable(f"{self.name} was closed", fix="open the model again")
        self._stop.check()

    def _drop(self) -> None:
        self._encoder = self._network = None

    def _answer(self, request: Request) -> Reply:
        encoder, network = self._load()
        inputs = encoder.encode(request, self._check)
        self._check()
        start = time.perf_counter()
        ends = network.end_ids(encoder.end_id)
        ids = network.generate(inputs, request.sampling, ends)
        model_ms = (time.perf_counter() - start) * 1000
        ended = bool(ids) and ids[-1] in ends
        return Reply(
            text=encoder.decode(ids[:-1] if ended else ids),
            token_ids=tuple(ids),
            image_sizes=inputs.image_sizes,
            usage=Usage(inputs.prompt_tokens, len(ids)),
            timings=Timings(encode_ms=inputs.encode_ms, model_ms=model_ms),
            truncated=not ended,
        )

    def _load(self) -> "tuple[Encoder, Network]":
        if self._network is None:
            folder = self._folder(weights=True)
            checkpoint.check_weights(folder)
            encoder = self._load_encoder()
            self._check()
            self._network = _torch().Network(folder, self._device, self._dtype, self._check)
            return encoder, self._network
        return self._load_encoder(), self._network

    def _load_encoder(self) -> "Encoder":
        if self._encoder is None:
            folder = self._folder(weights=False)
            config = checkpoint.read_config(folder, ARCHITECTURE)
            self._encoder = _torch().Encoder(folder, config, *self._limits)
        return self._encoder

    def _folder(self, *, weights: bool) -> Path:
        """Where the files are. From the first time on, a hub id stays at the commit that it had then."""
        if not self._on_hub:
            return checkpoint.local_folder(self._source)
        folder = checkpoint.hub_folder(self._source, self._revision, weights=weights)
        self._revision = folder.name
        return folder


def _check_sampling(sampling: Sampling) -> None:
    if sampling.max_tokens < 1:
        raise ValueError(f"a reply of at most {sampling.max_tokens} tokens holds nothing")
    if not 0 <= sampling.temperature < float("inf"):
        raise ValueError(f"{sampling.temperature} is no temperature")


def _torch() -> Any:
    """The module that does the work. Raises MissingExtra, and ModelUnavailable when its packages do not fit."""
    try:
        from agent.models import qwen2vl_torch  # noqa: PLC0415 - seconds to import
    except ModuleNotFoundError as exc:
        raise MissingExtra("Qwen2-VL", "vlm", exc.name or "torch") from exc
    except (ImportError, OSError, RuntimeError) as exc:  # such as torch and torchvision of different builds
        raise ModelUnavailable(
            f"the packages that run Qwen2-VL do not work together: {exc}",
            fix="pip install --force-reinstall 'handeye[vlm]'",
        ) from exc
    return qwen2vl_torch
