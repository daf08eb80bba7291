"""A Qwen2-VL checkpoint small enough to write on the spot: the hub's folder layout, random weights, no network.

Its chat format, special tokens and pixel limits are those of the real model's card, so that prompts and images
prepared with it look to the code exactly as they do with `Qwen/Qwen2-VL-2B-Instruct`: only the vocabulary is
smaller, and what it answers means nothing. Without weights it holds what a processor needs and nothing else.
"""

import json
from pathlib import Path
from typing import Any

from environments.errors import MissingExtra

SPECIAL_TOKENS = (
    "<|endoftext|>",
    "<|im_start|>",
    "<|im_end|>",
    "<|object_ref_start|>",
    "<|object_ref_end|>",
    "<|box_start|>",
    "<|box_end|>",
    "<|quad_start|>",
    "<|quad_end|>",
    "<|vision_start|>",
    "<|vision_end|>",
    "<|vision_pad|>",
    "<|image_pad|>",
    "<|video_pad|>",
)

# The template language drops the newline behind a block tag, and keeps it behind text and values.
CHAT_TEMPLATE = """\
{% for message in messages %}
{% if loop.first and message.role != 'system' %}
<|im_start|>system
You are a helpful assistant.<|im_end|>
{% endif %}
<|im_start|>{{ message.role }}
{% if message.content is string %}{{ message.content }}{% else %}
{% for part in message.content %}
{% if part.type == 'image' %}<|vision_start|><|image_pad|><|vision_end|>
{%- elif part.type == 'video' %}<|vision_start|><|video_pad|><|vision_end|>
{%- elif part.type == 'text' %}{{ part.text }}{% endif %}
{% endfor %}
{% endif %}<|im_end|>
{% endfor %}
{% if add_generation_prompt %}
<|im_start|>assistant
{% endif %}
"""

_TOKENS_OF_TEXT = 512
_TEXT = (
    "You are a helpful assistant that looks at a screen and operates it for a person.",
    "The system says which actions there are; the user says what the goal is; the assistant replies with one action.",
    'Reply with JSON only, for example {"thought": "The button is at the bottom.", "action": "tap", "x": 500}.',
    "Tap, double tap, long press, swipe, drag, scroll up, scroll down, type text, press a key, open an app, wait.",
    "Coordinates run from 0 at the left and at the top to 1000 at the right and at the bottom of the screenshot.",
    "Describe this image. What is on the screen now? Nothing has changed since the last step; try something else.",
    "The goal is reached and the answer is shown in the window. The task cannot be done, because it needs a password.",
)
# How Qwen2-VL cuts text before the byte pairs are merged: contractions, words, single digits, punctuation, blanks.
_WORDS = (
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
)


def write_tiny_checkpoint(folder: str | Path, seed: int = 0, with_weights: bool = True) -> Path:
    """Write the checkpoint into `folder`, which is made if need be, and return the folder.

    About 1 MB; the same seed gives the same bytes. Without weights everything but model.safetensors is written and
    torch is not imported. Raises MissingExtra.
    """
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    tokenizer = _tokenizer()
    ids = {token: tokenizer.token_to_id(token) for token in SPECIAL_TOKENS}
    config = _config(tokenizer.get_vocab_size(), ids)
    tokenizer.save(str(folder / "tokenizer.json"))
    _write(folder / "tokenizer_config.json", _tokenizer_config(ids))
    _write(folder / "chat_template.json", {"chat_template": CHAT_TEMPLATE})
    _write(folder / "preprocessor_config.json", _PREPROCESSOR)
    _write(folder / "config.json", config)
    _write(
        folder / "generation_config.json",
        {
            "bos_token_id": ids["<|endoftext|>"],
            "pad_token_id": ids["<|endoftext|>"],
            "eos_token_id": [ids["<|im_end|>"], ids["<|endoftext|>"]],
            "do_sample": True,
            "temperature": 0.01,
            "top_p": 0.001,
            "top_k": 1,
        },
    )
    if with_weights:
        _write_weights(folder / "model.safetensors", config, seed)
    return folder


def _tokenizer() -> Any:
    """A byte-level BPE of a few lines of text with the special tokens behind its words, as in the real one."""
    try:
        from tokenizers import (  # noqa: PLC0415 - part of the extra
            AddedToken,
            Regex,
            Tokenizer,
            decoders,
            models,
            normalizers,
            pre_tokenizers,
            trainers,
        )
    except ModuleNotFoundError as exc:
        raise MissingExtra("writing a checkpoint", "vlm", exc.name or "tokenizers") from exc
    tokenizer = Tokenizer(models.BPE())
    tokenizer.normalizer = normalizers.NFC()
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [
            pre_tokenizers.Split(Regex(_WORDS), behavior="isolated"),
            pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False),
        ]
    )
    tokenizer.decoder = decoders.ByteLevel()
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    trainer = trainers.BpeTrainer(vocab_size=_TOKENS_OF_TEXT, initial_alphabet=alphabet, show_progress=False)
    tokenizer.train_from_iterator(_TEXT, trainer)
    tokenizer.add_special_tokens([AddedToken(token, special=True, normalized=False) for token in SPECIAL_TOKENS])
    return tokenizer


def _tokenizer_config(ids: dict[str, int]) -> dict[str, Any]:
    plain = {"lstrip": False, "normalized": False, "rstrip": False, "single_word": False, "special": True}
    return {
        "add_prefix_space": False,
        "added_tokens_decoder": {str(number): {"content": token, **plain} for token, number in ids.items()},
        "additional_special_tokens": list(SPECIAL_TOKENS[1:]),
        "bos_token": None,
        "chat_template": CHAT_TEMPLATE,
        "clean_up_tokenization_spaces": False,
        "eos_token": "<|im_end|>",
        "errors": "replace",
        "model_max_length": 32768,
        "pad_token": "<|endoftext|>",
        "split_special_tokens": False,
        "tokenizer_class": "Qwen2Tokenizer",
        "unk_token": None,
    }


_PREPROCESSOR = {
    "min_pixels": 3136,
    "max_pixels": 12845056,
    "patch_size": 14,
    "temporal_patch_size": 2,
    "merge_size": 2,
    "image_mean": [0.48145466, 0.4578275, 0.40821073],
    "image_std": [0.26862954, 0.26130258, 0.27577711],
    "image_processor_type": "Qwen2VLImageProcessor",
    "processor_class": "Qwen2VLProcessor",
}


def _config(vocabulary: int, ids: dict[str, int]) -> dict[str, Any]:
    """The flat layout in which the hub keeps it, with the text model's figures at the top."""
    return {
        "architectures": ["Qwen2VLForConditionalGeneration"],
        "model_type": "qwen2_vl",
        "vocab_size": vocabulary,
        "hidden_size": 64,
        "intermediate_size": 128,
        "num_hidden_layers": 3,
        "num_attention_heads": 4,
        "num_key_value_heads": 2,
        "max_window_layers": 3,
        "hidden_act": "silu",
        "attention_dropout": 0.0,
        "initializer_range": 0.02,
        "max_position_embeddings": 32768,
        "rms_norm_eps": 1e-06,
        "rope_theta": 1000000.0,
        "rope_scaling": {"type": "mrope", "mrope_section": [2, 3, 3]},
        "sliding_window": 32768,
        "use_sliding_window": False,
        "use_cache": True,
        "tie_word_embeddings": True,
        "torch_dtype": "float32",
        "bos_token_id": ids["<|endoftext|>"],
        "eos_token_id": ids["<|im_end|>"],
        "vision_start_token_id": ids["<|vision_start|>"],
        "vision_end_token_id": ids["<|vision_end|>"],
        "vision_token_id": ids["<|vision_pad|>"],
        "image_token_id": ids["<|image_pad|>"],
        "video_token_id": ids["<|video_pad|>"],
        "vision_config": {
            "depth": 2,
            "embed_dim": 32,
            "mlp_ratio": 2,
            "num_heads": 2,
            "in_chans": 3,
            "hidden_size": 64,
            "patch_size": 14,
            "spatial_merge_size": 2,
            "spatial_patch_size": 14,
            "temporal_patch_size": 2,
        },
    }


def _write_weights(path: Path, config: dict[str, Any], seed: int) -> None:
    """Random weights under the names that the hub's files use, drawn without touching anybody's random state."""
    try:
        import torch  # noqa: PLC0415 - seconds to import, and part of the extra
        from safetensors.torch import save_file  # noqa: PLC0415
        from transformers import Qwen2VLConfig, Qwen2VLForConditionalGeneration  # noqa: PLC0415
    except ModuleNotFoundError as exc:
        raise MissingExtra("writing a checkpoint's weights", "vlm", exc.name or "torch") from exc
    with torch.device("meta"):  # shapes only
        model = Qwen2VLForConditionalGeneration(Qwen2VLConfig(**config))
    generator = torch.Generator().manual_seed(seed)
    weights = {}
    for name, shape in ((name, tensor.shape) for name, tensor in model.state_dict().items()):
        if name == "lm_head.weight":  # tied to the embedding
            continue
        hub_name = name.replace("model.visual.", "visual.").replace("model.language_model.", "model.")
        if len(shape) == 1:
            weights[hub_name] = torch.zeros(shape) if name.endswith("bias") else torch.ones(shape)
        else:  # wide enough that a reply depends on what was read, not on the last token alone
            weights[hub_name] = torch.randn(shape, generator=generator) * 0.25
    save_file(weights, str(path), metadata={"format": "pt"})


def _write(path: Path, content: dict[str, Any]) -> None:
    path.write_text(json.dumps(content, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
