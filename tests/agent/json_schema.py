"""As much of JSON Schema (draft 2020-12) as the schema of a reply uses; an unknown keyword is an error."""

import re
from typing import Any

_TYPES: dict[str, type | tuple[type, ...]] = {
    "object": dict, "array": list, "string": str, "boolean": bool, "integer": int, "null": type(None),
}  # fmt: skip
_SILENT = {"title", "description", "default", "$defs", "discriminator"}


def satisfies(value: Any, schema: dict[str, Any], root: dict[str, Any] | None = None) -> bool:
    """Whether a value is what the schema describes."""
    root = root or schema
    return all(_keyword(key, rule, value, schema, root) for key, rule in schema.items() if key not in _SILENT)


def _keyword(key: str, rule: Any, value: Any, schema: dict[str, Any], root: dict[str, Any]) -> bool:  # noqa: PLR0911, PLR0912
    number = isinstance(value, int) and not isinstance(value, bool)
    match key:
        case "$ref":
            return satisfies(value, root["$defs"][rule.rsplit("/")[-1]], root)
        case "oneOf":
            return sum(satisfies(value, part, root) for part in rule) == 1
        case "anyOf":
            return any(satisfies(value, part, root) for part in rule)
        case "type":
            return isinstance(value, _TYPES[rule]) and (rule != "integer" or number)
        case "const":
            return bool(value == rule)
        case "enum":
            return value in rule
        case "minimum":
            return not number or value >= rule
        case "maximum":
            return not number or value <= rule
        case "minLength":
            return not isinstance(value, str) or len(value) >= rule
        case "maxLength":
            return not isinstance(value, str) or len(value) <= rule
        case "pattern":
            whole = rule.replace("$", r"\Z")  # Python's $ also matches in front of a last newline
            return not isinstance(value, str) or re.search(whole, value) is not None
        case "minItems":
            return not isinstance(value, list) or len(value) >= rule
        case "maxItems":
            return not isinstance(value, list) or len(value) <= rule
        case "items":
            return not isinstance(value, list) or all(satisfies(item, rule, root) for item in value)
        case "properties":
            return not isinstance(value, dict) or all(
                satisfies(value[name], part, root) for name, part in rule.items() if name in value
            )
        case "required":
            return not isinstance(value, dict) or set(rule) <= set(value)
        case "additionalProperties":
            return not isinstance(value, dict) or set(value) <= set(schema["properties"])
    raise AssertionError(f"the schema uses {key}, which is unknown here")
