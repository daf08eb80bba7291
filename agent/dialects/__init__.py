"""The table of dialects: one file for each family of models."""

from agent.dialect import Dialect
from environments.registry import Registry

DIALECTS: Registry[Dialect] = Registry(
    "dialect", "handeye.dialects", {"handeye-json": "agent.dialects.handeye_json:HandeyeJson"}
)


def open_dialect(name: str) -> Dialect:
    """The dialect of that name. Raises UnknownName with the names that there are."""
    return DIALECTS.find(name)()
