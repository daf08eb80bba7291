"""Reading JSON that a model wrote: strictly, within bounds, and with a reason for the model when it is wrong."""

import json
from typing import Any

MAX_CHARACTERS = 64_000


class Malformed(ValueError):
    """The text is not what was asked for; the message is written for the model."""


def json_object(text: str) -> dict[str, Any]:
    """The one JSON object that a text consists of, with or without a code fence around it.

    Refused: anything before or behind it, a second object, a key given twice, NaN and infinity, numbers of absurd
    length, lone surrogates, and more than 64,000 characters.
    """
    if len(text) > MAX_CHARACTERS:
        raise Malformed(f"the reply has {len(text)} characters; one short JSON object is expected")
    body = _unfenced(text.strip())
    if not body:
        raise Malformed("the reply is empty")
    try:
        value = json.loads(body, object_pairs_hook=_unique, parse_constant=_no_constant)
    except json.JSONDecodeError as exc:
        raise Malformed(_explain(body, exc)) from exc
    except RecursionError as exc:
        raise Malformed("the JSON is nested too deeply") from exc
    except Malformed:
        raise
    except ValueError as exc:  # a number of thousands of digits
        raise Malformed("a number in the reply is too long") from exc
    if not isinstance(value, dict):
        raise Malformed(f"one JSON object is expected, not {'a list' if isinstance(value, list) else 'a bare value'}")
    try:
        json.dumps(value, ensure_ascii=False).encode()
    except UnicodeEncodeError as exc:
        raise Malformed("a text in the reply holds half a character (a lone surrogate)") from exc
    return value


def _unfenced(body: str) -> str:
    """What stands in a code fence, when the whole reply is one."""
    opening, _, rest = body.partition("\n")
    if opening.rstrip().lower() in ("```", "```json") and rest.endswith("```"):
        return rest.removesuffix("```").strip()
    return body


def _explain(body: str, error: json.JSONDecodeError) -> str:
    if error.msg == "Extra data":
        return "there is text behind the JSON object; reply with exactly one object and nothing else"
    if not body.startswith("{"):
        return "the reply does not begin with {; reply with exactly one JSON object and nothing else"
    return f"the JSON is broken at character {error.pos}: {error.msg}"


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    value = dict(pairs)
    if len(value) < len(pairs):
        raise Malformed("a key is given twice in the JSON object")
    return value


def _no_constant(name: str) -> None:
    raise Malformed(f"{name} is no JSON number")
