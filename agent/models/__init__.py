"""The table of models. Importing it loads none of them, and no torch."""

from typing import Any

from agent.model import Model
from environments.registry import Registry

MODELS: Registry[Model] = Registry(
    "model",
    "handeye.models",
    {
        "chat": "agent.models.chat:ChatModel",
        "qwen2vl": "agent.models.qwen2vl:Qwen2VLModel",
        "scripted": "agent.models.scripted:ScriptedModel.from_file",
    },
)


def open_model(spec: str, **options: Any) -> Model:
    """The model that `spec` names; an option that is None counts as not given.

        scripted:FILE            replies played from a JSON file (option delay)
        qwen2vl:FOLDER_OR_ID     Qwen2-VL in this process; a bare spec with a "/" means the same
        chat:MODEL               an OpenAI-compatible server (options base_url, api_key, timeout, ...)
        NAME:...                 another package's, from the entry-point group `handeye.models`

    Raises UnknownName, InvalidOption (environments/registry.py), ModelUnavailable and MissingExtra.
    """
    if "/" in spec.partition(":")[0]:
        spec = f"qwen2vl:{spec}"
    return MODELS.open(spec, **options)
