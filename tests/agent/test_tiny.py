"""The tiny checkpoint is read by transformers as any other, is the same each time, and asks for nothing heavy."""
# ruff: noqa: PLC0415 - torch is imported where a test needs it, so that collecting the tests does not take seconds

import json
import subprocess
import sys
from pathlib import Path

import pytest

from agent.models.tiny import SPECIAL_TOKENS, write_tiny_checkpoint

CARD_PROMPT = (
    "<|im_start|>system\nYou are a helpful assistant.<|im_end|>\n"
    "<|im_start|>user\n<|vision_start|><|image_pad|><|vision_end|>Describe this image.<|im_end|>\n"
    "<|im_start|>assistant\n"
)
PROCESSOR_FILES = {
    "chat_template.json",
    "config.json",
    "generation_config.json",
    "preprocessor_config.json",
    "tokenizer.json",
    "tokenizer_config.json",
}


def test_without_weights_it_holds_everything_else(tiny_processor: Path) -> None:
    assert {path.name for path in tiny_processor.iterdir()} == PROCESSOR_FILES


def test_writing_it_without_weights_loads_nothing_heavy(tmp_path: Path) -> None:
    program = (
        "import sys\n"
        "from agent.models.tiny import write_tiny_checkpoint\n"
        "write_tiny_checkpoint(sys.argv[1], with_weights=False)\n"
        "sys.exit(' '.join({'torch', 'transformers'} & set(sys.modules)) or None)"
    )
    root = Path(__file__).parents[2]
    command = [sys.executable, "-c", program, str(tmp_path)]
    done = subprocess.run(command, check=False, cwd=root, capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")


def test_the_pixel_limits_are_the_cards(tiny_processor: Path) -> None:
    settings = json.loads((tiny_processor / "preprocessor_config.json").read_text())
    assert (settings["min_pixels"], settings["max_pixels"]) == (3136, 12845056)
    assert (settings["patch_size"], settings["merge_size"], settings["temporal_patch_size"]) == (14, 2, 2)


def test_the_same_files_each_time(tiny_processor: Path, tmp_path: Path) -> None:
    again = write_tiny_checkpoint(tmp_path, with_weights=False)
    for name in PROCESSOR_FILES:
        assert (again / name).read_bytes() == (tiny_processor / name).read_bytes(), name


def test_writing_over_it_is_safe(tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text("{")
    write_tiny_checkpoint(tmp_path, with_weights=False)
    assert json.loads((tmp_path / "config.json").read_text())["model_type"] == "qwen2_vl"


@pytest.mark.model
def test_weights_follow_the_seed_and_disturb_no_random_state(tiny_checkpoint: Path, tmp_path: Path) -> None:
    import torch

    before = torch.random.get_rng_state()
    same = write_tiny_checkpoint(tmp_path / "same", seed=1) / "model.safetensors"
    other = write_tiny_checkpoint(tmp_path / "other", seed=2) / "model.safetensors"
    assert torch.equal(before, torch.random.get_rng_state())
    assert same.read_bytes() == (tiny_checkpoint / "model.safetensors").read_bytes() != other.read_bytes()
    assert same.stat().st_size < 2_000_000


@pytest.mark.model
def test_the_weights_have_the_hubs_names(tiny_checkpoint: Path) -> None:
    from safetensors import safe_open

    with safe_open(str(tiny_checkpoint / "model.safetensors"), framework="pt") as file:
        names = set(file.keys())
    assert {"visual.patch_embed.proj.weight", "visual.merger.mlp.2.bias", "model.embed_tokens.weight"} <= names
    assert all(name.startswith(("visual.", "model.layers.", "model.embed_tokens.", "model.norm.")) for name in names)


@pytest.mark.model
def test_transformers_loads_it_as_it_is(tiny_checkpoint: Path) -> None:
    from transformers import AutoProcessor, Qwen2VLForConditionalGeneration

    network, found = Qwen2VLForConditionalGeneration.from_pretrained(tiny_checkpoint, output_loading_info=True)
    assert not any(found.values())
    assert network.get_output_embeddings().weight is network.get_input_embeddings().weight
    loaded = AutoProcessor.from_pretrained(tiny_checkpoint)
    assert len(loaded.tokenizer) == network.config.text_config.vocab_size
    question = [{"type": "image"}, {"type": "text", "text": "Describe this image."}]
    prompt = loaded.apply_chat_template([{"role": "user", "content": question}], add_generation_prompt=True)
    assert prompt == CARD_PROMPT


@pytest.mark.model
def test_the_template_writes_any_conversation(tiny_processor: Path) -> None:
    from transformers import AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(tiny_processor)
    chat = [
        {"role": "system", "content": "S"},
        {
            "role": "user",
            "content": [{"type": "text", "text": " a\n"}, {"type": "video"}, {"type": "text", "text": "b"}],
        },
        {"role": "assistant", "content": "c\n\n"},
    ]
    assert tokenizer.apply_chat_template(chat, tokenize=False) == (
        "<|im_start|>system\nS<|im_end|>\n"
        "<|im_start|>user\n a\n<|vision_start|><|video_pad|><|vision_end|>b<|im_end|>\n"
        "<|im_start|>assistant\nc\n\n<|im_end|>\n"
    )


@pytest.mark.model
def test_every_special_token_is_one_token_and_every_text_comes_back(tiny_processor: Path) -> None:
    from transformers import AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(tiny_processor)
    for token in SPECIAL_TOKENS:
        assert tokenizer.encode(token) == [tokenizer.convert_tokens_to_ids(token)]
    for text in ("The goal is reached.", "żółw 😀 ツ\r\n\t{}", " ", "\x00\x7f"):
        assert tokenizer.decode(tokenizer.encode(text), clean_up_tokenization_spaces=False) == text
    assert len(tokenizer.encode("The screenshot of the screen")) < 12
