"""Qwen2-VL in torch: texts and screenshots to tensors, tensors to token ids, token ids to text.

The one module that imports torch, transformers and qwen-vl-utils; `Qwen2VLModel` (qwen2vl.py) imports it on first
use. It knows folders on disk, not hub ids, and neither threads nor locks: whatever takes long calls `check` often,
which raises to end it.
"""

import math
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import jinja2
import torch
from huggingface_hub.errors import StrictDataclassError
from qwen_vl_utils import process_vision_info
from safetensors import SafetensorError
from transformers import Qwen2VLForConditionalGeneration, Qwen2VLProcessor
from transformers.utils import logging as transformers_logging

from agent.errors import ModelUnavailable
from agent.model import Message, Request, Sampling
from agent.models.checkpoint import first_line
from environments.frame import Frame
from environments.geometry import Size

_STEEPEST = 200  # long side : short side; qwen-vl-utils refuses more
_TOKENS = {  # what the chat format is made of, and where config.json names the same token
    "<|im_start|>": "",
    "<|im_end|>": "",
    "<|vision_start|>": "vision_start_token_id",
    "<|vision_end|>": "vision_end_token_id",
    "<|image_pad|>": "image_token_id",
}
_LESS_MEMORY = (
    "close what else uses it, lower max_tokens_per_image or the number of screenshots, or use a smaller model"
)

_LOAD_ERRORS = (
    OSError,
    ValueError,
    KeyError,
    TypeError,
    RuntimeError,
    ImportError,
    SafetensorError,
    StrictDataclassError,
)

Check = Callable[[], None]


@dataclass(frozen=True)
class Inputs:
    """A request as the network reads it.

    `tensors` are the network's arguments by name, batch 1: input_ids, attention_mask and mm_token_type_ids of shape
    (1, prompt_tokens) and, where there are screenshots, pixel_values (patches, 1176) and image_grid_thw (images, 3).
    `image_sizes` are the pixels that the network sees of each screenshot, in the order of the request;
    `visual_tokens` is how many of the prompt's tokens they fill; `encode_ms` is how long all of this took.
    """

    prompt_tokens: int
    visual_tokens: int
    image_sizes: tuple[Size, ...]
    encode_ms: float = field(compare=False)
    tensors: dict[str, Any] = field(compare=False, repr=False)


class Encoder:
    """The checkpoint's tokenizer, chat template and image preprocessing; needs no weights."""

    def __init__(self, folder: Path, config: dict[str, Any], min_tokens: int, max_tokens: int) -> None:
        try:
            with _quiet():
                self._codec = Qwen2VLProcessor.from_pretrained(str(folder), local_files_only=True)
        except Exception as exc:  # what is wrong with tokenizer.json comes as a bare Exception
            raise ModelUnavailable(
                f"the tokenizer and image settings in {folder} do not load: {first_line(exc)}",
                fix="fetch the whole folder again, tokenizer.json and preprocessor_config.json included",
            ) from exc
        self._tokenizer = self._codec.tokenizer
        self._check_tokens(folder, config)
        self._patch = int(self._codec.image_processor.patch_size)
        self._merge = int(self._codec.image_processor.merge_size)
        self._limits = (min_tokens, max_tokens)

    def _check_tokens(self, folder: Path, config: dict[str, Any]) -> None:
        """Without its special tokens a prompt would be read as nonsense, and answered all the same."""
        known = self._tokenizer.get_vocab()
        for token, key in _TOKENS.items():
            if token not in known or (key in config and config[key] != known[token]):
                raise ModelUnavailable(
                    f"the tokenizer in {folder} does not have Qwen2-VL's token {token} where config.json expects it",
                    fix="take tokenizer.json and tokenizer_config.json from the checkpoint that the weights come from",
                )
        if not self._codec.chat_template:  # older folders keep it with the tokenizer alone
            self._codec.chat_template = self._tokenizer.chat_template
        if not self._codec.chat_template:
            raise ModelUnavailable(
                f"{folder} has no chat template", fix="take chat_template.json from an Instruct checkpoint"
            )

    @property
    def end_id(self) -> int:
        """The token that closes a turn."""
        return int(self._tokenizer.convert_tokens_to_ids("<|im_end|>"))

    def encode(self, request: Request, check: Check) -> Inputs:
        """Tensors of a whole conversation, with the opening of the assistant's reply behind it.

        Special tokens within texts become plain letters. Raises ModelUnavailable for what cannot be encoded.
        """
        start = time.perf_counter()
        if not request.messages:
            raise ModelUnavailable("the request holds no message", fix="give at least one message")
        chat = [{"role": message.role, "content": self._content(message, check)} for message in request.messages]
        check()
        try:
            tensors = self._codec.apply_chat_template(
                chat,
                tokenize=True,
                return_dict=True,
                return_tensors="pt",
                add_generation_prompt=True,
                sanitize_control_tokens=True,  # it also drops U+F0000 and U+F0001, its own marks, from texts
                # The images have their final size: a second resize, to the folder's own limits, would change it.
                processor_kwargs={"images_kwargs": {"do_resize": False}},
            )
        except jinja2.TemplateError as exc:
            raise ModelUnavailable(
                f"the model's chat template refuses the conversation: {first_line(exc)}",
                fix="choose this model's own dialect, or take chat_template.json from an Instruct checkpoint",
            ) from exc
        grids = tensors["image_grid_thw"].tolist() if "image_grid_thw" in tensors else []
        return Inputs(
            prompt_tokens=tensors["input_ids"].shape[1],
            visual_tokens=sum(math.prod(grid) for grid in grids) // self._merge**2,
            image_sizes=tuple(Size(width * self._patch, height * self._patch) for _, height, width in grids),
            encode_ms=(time.perf_counter() - start) * 1000,
            tensors=dict(tensors),
        )

    def decode(self, ids: list[int]) -> str:
        """Text of token ids, box and other special tokens included."""
        return str(self._tokenizer.decode(ids, skip_special_tokens=False, clean_up_tokenization_spaces=False))

    def _content(self, message: Message, check: Check) -> list[dict[str, Any]]:
        content: list[dict[str, Any]] = []
        for part in message.parts:
            check()
            if isinstance(part, Frame):
                content.append({"type": "image", "image": self._image(part)})
            else:
                content.append({"type": "text", "text": part})
        return content

    def _image(self, frame: Frame) -> Any:
        """The frame as a Pillow image whose sides are multiples of 28 and whose area keeps to the token limits."""
        fewest, most = self._limits
        ratio = max(frame.size) / min(frame.size)
        if ratio > min(_STEEPEST, most):  # with fewer tokens than that, the short side would vanish
            raise ModelUnavailable(
                f"the model cannot see an image of {frame.size.width}x{frame.size.height}: "
                f"one side is more than {min(_STEEPEST, most)} times the other",
                fix="capture one monitor or window rather than a strip of several, or raise max_tokens_per_image",
            )
        pixels = (self._patch * self._merge) ** 2
        part = {
            "type": "image",
            "image": frame.image(),
            "min_pixels": fewest * pixels,
            "max_pixels": most * pixels,
        }
        images, _ = process_vision_info([{"role": "user", "content": [part]}], image_patch_size=self._patch)
        return images[0]


class Network:
    """The weights on their device.

    `check` is called before every block of the vision encoder and every layer of the decoder, so that what is to
    end ends within one of them.
    """

    def __init__(self, folder: Path, device: str | None, dtype: str | None, check: Check) -> None:
        self.device = _device(device)
        arguments: dict[str, Any] = {"device_map": self.device} if self.device != "cpu" else {}
        try:
            with _quiet(), _enough_memory(f"to load {folder}"):
                self._network, found = Qwen2VLForConditionalGeneration.from_pretrained(
                    str(folder),
                    dtype=_dtype(dtype, self.device),
                    attn_implementation="sdpa",
                    use_safetensors=True,
                    local_files_only=True,
                    output_loading_info=True,
                    **arguments,
                )
                if dtype is None and self._network.dtype == torch.float16 and self.device == "cpu":
                    self._network.float()  # many operations have no half precision on a CPU
        except _LOAD_ERRORS as exc:
            raise ModelUnavailable(
                f"the weights in {folder} do not load: {first_line(exc)}",
                fix="fetch the whole folder again; for quantized weights install what the message names",
            ) from exc
        if found["missing_keys"]:  # transformers would leave them random and say so in a warning only
            missing = sorted(found["missing_keys"])
            raise ModelUnavailable(
                f"the weights in {folder} are incomplete: {len(missing)} tensors such as {missing[0]} are missing",
                fix="fetch the whole folder again",
            )
        self._network.eval()
        # The checkpoint's own settings stand, except for the draw: the card's top_k of 1 would make any temperature
        # greedy. The draw is our own, so that a seed disturbs nobody else's random state.
        self._network.generation_config.update(do_sample=False, temperature=None, top_k=None, top_p=None)
        self._check = check
        for part in (*self._network.model.visual.blocks, *self._network.model.language_model.layers):
            part.register_forward_pre_hook(lambda *_: check())

    @property
    def window(self) -> int:
        """How many tokens a prompt and its reply may have together."""
        return int(self._network.config.text_config.max_position_embeddings)

    def end_ids(self, turn_end: int) -> set[int]:
        """The tokens that end a reply."""
        named = self._network.generation_config.eos_token_id
        return {turn_end, *([named] if isinstance(named, int) else named or ())}

    def generate(self, inputs: Inputs, sampling: Sampling, ends: set[int]) -> list[int]:
        """The ids of a reply, its end token included unless `max_tokens` came first.

        Raises ModelUnavailable when memory runs out or prompt and reply exceed the window.
        """
        if inputs.prompt_tokens + sampling.max_tokens > self.window:
            raise ModelUnavailable(
                f"a prompt of {inputs.prompt_tokens} tokens and a reply of up to {sampling.max_tokens} "
                f"do not fit into the model's window of {self.window}",
                fix="send fewer screenshots or less text, or lower max_tokens_per_image",
            )
        with _enough_memory("for this prompt"):
            written = self._network.generate(
                **{name: tensor.to(self.device) for name, tensor in inputs.tensors.items()},
                max_new_tokens=sampling.max_tokens,
                eos_token_id=sorted(ends),
                pad_token_id=min(ends),  # never used: a batch of one is not padded
                logits_processor=[_Draw(sampling.temperature, sampling.seed)] if sampling.temperature > 0 else [],
                stopping_criteria=[self._keep_going],
            )
            return list(map(int, written[0, inputs.prompt_tokens :].tolist()))

    def _keep_going(self, ids: Any, *_: Any, **__: Any) -> Any:
        self._check()
        return torch.zeros(ids.shape[0], dtype=torch.bool, device=ids.device)


class _Draw:
    """Noise that turns the greedy choice into a draw from softmax(scores / temperature): the Gumbel-max trick."""

    def __init__(self, temperature: float, seed: int | None) -> None:
        self._temperature = temperature
        self._generator = torch.Generator()  # on the CPU, so that a seed means the same on every device
        if seed is None:
            self._generator.seed()
        else:
            self._generator.manual_seed(seed)

    def __call__(self, _ids: Any, scores: Any) -> Any:
        noise = torch.empty(scores.shape, dtype=torch.float32).exponential_(generator=self._generator)
        noise = noise.clamp_(min=torch.finfo(torch.float32).tiny).log_().to(scores.device)
        return scores / self._temperature - noise


def _device(wanted: str | None) -> str:
    if wanted is None:
        return "cuda" if torch.cuda.is_available() else "cpu"
    kind, _, number = wanted.partition(":")
    if kind == "cuda" and (not torch.cuda.is_available() or int(number or 0) >= torch.cuda.device_count()):
        raise ModelUnavailable(
            f"the device {wanted} was asked for, and torch finds {torch.cuda.device_count()} CUDA devices here",
            fix="leave the device out or say cpu, or install the GPU's driver and a CUDA build of torch",
        )
    return wanted


def _dtype(wanted: str | None, device: str) -> Any:
    if wanted is not None:
        return getattr(torch, wanted)
    return "auto" if device == "cpu" else torch.bfloat16


@contextmanager
def _enough_memory(what: str) -> Iterator[None]:
    """Translate running out of memory, and a device that fails, into ModelUnavailable."""
    try:
        yield
    except (torch.OutOfMemoryError, MemoryError) as exc:
        raise ModelUnavailable(f"not enough memory {what}", fix=_LESS_MEMORY) from exc
    except torch.AcceleratorError as exc:
        raise ModelUnavailable(
            f"the device failed: {first_line(exc)}", fix="start again; see the driver's log"
        ) from exc
    except RuntimeError as exc:
        if "allocate memory" not in str(exc):  # how torch says it on a CPU
            raise
        raise ModelUnavailable(f"not enough memory {what}", fix=_LESS_MEMORY) from exc


@contextmanager
def _quiet() -> Iterator[None]:
    """Without the progress bar over a few files that are on this disk already."""
    shown = transformers_logging.is_progress_bar_enabled()
    transformers_logging.disable_progress_bar()
    try:
        yield
    finally:
        if shown:
            transformers_logging.enable_progress_bar()
