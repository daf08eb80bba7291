"""Reading JSON that a model wrote: exactly one object, within bounds, and a reason for everything else."""

import json
import time
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agent.parsing import MAX_CHARACTERS, Malformed, json_object

OBJECT = '{"action": "wait", "seconds": 1}'
VALUE = {"action": "wait", "seconds": 1}


@pytest.mark.parametrize(
    "text",
    [
        OBJECT,
        f"  \n\t{OBJECT}\r\n ",
        f"```json\n{OBJECT}\n```",
        f"```\n{OBJECT}\n```",
        f"```JSON\n{OBJECT}\n```",
        f"\n\n```json  \n{OBJECT}\n   ```  \n",
        f"```json\r\n{OBJECT}\r\n```",
        f"```json\n{OBJECT}```",
        f"```\n\n\n{OBJECT}\n\n\n```",
    ],
)
def test_one_object_is_read_with_or_without_a_fence_around_it(text: str) -> None:
    assert json_object(text) == VALUE


def test_a_fence_inside_a_text_is_content() -> None:
    value = {"text": "```json\n{}\n```"}
    assert json_object(json.dumps(value)) == value
    assert json_object(f"```json\n{json.dumps(value)}\n```") == value


def test_texts_in_every_script_come_through_unchanged() -> None:
    value: dict[str, Any] = {"text": "żółw <br/> ツ 😀 \"';\\ \t\n", "ключ": ["值", None, True, 1.5, {}]}
    assert json_object(json.dumps(value, ensure_ascii=False)) == value
    assert json_object(json.dumps(value)) == value


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "empty"),
        (" \n\t ", "empty"),
        ("```json\n\n```", "empty"),
        ("I would click the button.", "does not begin with {"),
        (f"Sure! {OBJECT}", "does not begin with {"),
        (f"{OBJECT} That is all.", "text behind the JSON object"),
        (f"{OBJECT}{OBJECT}", "text behind the JSON object"),
        (f"{OBJECT}\n{OBJECT}", "text behind the JSON object"),
        (f"```json\n{OBJECT}\n```\nDone.", "does not begin with {"),
        (f"Here:\n```json\n{OBJECT}\n```", "does not begin with {"),
        (f"```json\n{OBJECT}\n```\n```json\n{OBJECT}\n```", "text behind the JSON object"),
        (f"```python\n{OBJECT}\n```", "does not begin with {"),
        (f"```json\n{OBJECT}", "does not begin with {"),
        (f"[{OBJECT}]", "a list"),
        ("[]", "a list"),
        ('"tap"', "a bare value"),
        ("12", "a bare value"),
        ("null", "a bare value"),
        ('{"action": "wait", "seconds": 1', "broken at character"),
        ('{"action": "wa', "broken at character"),
        ("{", "broken at character"),
        ("{'action': 'wait'}", "broken at character"),
        ("{action: 1}", "broken at character"),
        ('{"a": 1,}', "broken at character"),
        ('{"a": 1 /* one */}', "broken at character"),
        ('{"a": +1}', "broken at character"),
        ('{"a": 01}', "broken at character"),
        ('{"a": .5}', "broken at character"),
        ('{"a": 0x10}', "broken at character"),
        ('{"a": "line\nbreak"}', "broken at character"),
        ('{"a": "nul\x00"}', "broken at character"),
        ('{"a": "\\x41"}', "broken at character"),
        ('{"a": 1, "a": 1}', "given twice"),
        ('{"a": {"b": 1, "b": 2}}', "given twice"),
        ('{"a": 1, "\\u0061": 2}', "given twice"),
        ('{"a": NaN}', "NaN"),
        ('{"a": Infinity}', "Infinity"),
        ('{"a": [-Infinity]}', "Infinity"),
        ('{"a": ' + "9" * 5000 + "}", "too long"),
        ('{"a": ' + "[" * 30_000 + "]" * 30_000 + "}", "nested too deeply"),
        ('{"a":' * 10_000 + "1" + "}" * 10_000, "nested too deeply"),
        ('{"a": "\\ud800"}', "lone surrogate"),
        ('{"\\udfff": 1}', "lone surrogate"),
        ('{"a": "\ud800"}', "lone surrogate"),
        ("\ufeff" + OBJECT, "does not begin with {"),
    ],
)
def test_what_is_not_exactly_one_sound_object_is_refused_with_the_reason(text: str, reason: str) -> None:
    with pytest.raises(Malformed) as refused:
        json_object(text)
    assert reason in str(refused.value)
    assert str(refused.value).isprintable()


def test_a_pair_of_surrogates_is_one_character() -> None:
    assert json_object('{"a": "\\ud83d\\ude00"}') == {"a": "😀"}


@pytest.mark.parametrize(
    "text",
    [
        "x" * 10_000_000,
        OBJECT + " " * 10_000_000,
        '{"a": "' + "y" * 10_000_000 + '"}',
        "```\n" + " " * (MAX_CHARACTERS - 10),
        "```json\n" + "``` " * (MAX_CHARACTERS // 4 - 10),
        "\n" * (MAX_CHARACTERS - 1) + "x",
        "```\n" * (MAX_CHARACTERS // 4),
        "{" * (MAX_CHARACTERS - 1),
        '{"a":"' + "\\" * (MAX_CHARACTERS - 10),
    ],
    ids=[
        "10 MB",
        "10 MB of blanks",
        "10 MB string",
        "blanks in a fence",
        "fences",
        "lines",
        "openings",
        "braces",
        "\\",
    ],
)
def test_no_text_takes_long(text: str) -> None:
    started = time.perf_counter()
    with pytest.raises(Malformed):
        json_object(text)
    assert time.perf_counter() - started < 1  # a backtracking pattern takes 4 s for the worst of these


@settings(deadline=None)
@given(st.text())
def test_any_text_is_an_object_or_malformed(text: str) -> None:
    try:
        outcome: object = json_object(text)
    except Malformed as refused:
        outcome = str(refused)
    assert isinstance(outcome, dict) or str(outcome).isprintable()


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text("aé😀\\\"'"),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=3), inner, max_size=4),
    max_leaves=12,
)


@settings(deadline=None)
@given(JSON, st.booleans(), st.booleans())
def test_every_json_object_is_read_as_json_reads_it(value: Any, ascii_only: bool, fenced: bool) -> None:
    text = json.dumps(value, ensure_ascii=ascii_only)
    text = f"```json\n{text}\n```" if fenced else text
    if isinstance(value, dict):
        assert json_object(text) == value
    else:
        with pytest.raises(Malformed):
            json_object(text)
