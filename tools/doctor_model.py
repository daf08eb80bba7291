"""The doctor's look at the configured model: whether it could be used, without loading it or asking it anything."""

import json

from agent.errors import ModelUnavailable
from environments.errors import HandeyeError
from tools.config import Loaded
from tools.finding import Finding, missing_from
from tools.running import key_for_server, open_model_for

_ANSWER_SECONDS = 10.0
_MOST_BYTES = 1_000_000
_LOOPBACK = ("localhost", "127.0.0.1", "::1")


def examine_model(loaded: Loaded) -> Finding:
    """One finding, named `model`."""
    spec = loaded.settings.model
    kind, _, rest = spec.partition(":")
    try:
        with open_model_for(loaded):  # whatever can be known to be wrong is found here
            pass
        if kind == "chat":
            return _server(loaded, rest)
        if kind == "qwen2vl" or "/" in kind:
            return _checkpoint(rest if kind == "qwen2vl" else spec)
    except HandeyeError as exc:
        return Finding("model", "failed", str(exc), exc.fix)
    return Finding("model", "ok", spec)


def _server(loaded: Loaded, model: str) -> Finding:
    """Ask the server for its list of models; some servers have none, but any answer shows that it is there."""
    from agent.models.chat_wire import quote  # noqa: PLC0415  # with it comes httpx

    url, key = str(loaded.settings.base_url).rstrip("/"), (key_for_server(loaded) or "").strip()
    try:
        status, names = _ask(f"{url}/models", key)
    except ModelUnavailable as exc:
        return Finding("model", "failed", f"{url} does not answer: {quote(str(exc), key)}", exc.fix)
    if status in (401, 403):
        return Finding("model", "failed", f"{url} refuses the key (status {status})", "set HANDEYE_API_KEY")
    if status >= 500:
        return Finding("model", "note", f"{url} is there but cannot serve (status {status})", "look into its log")
    if status in range(300, 400):
        return Finding("model", "note", f"{url} points elsewhere (status {status})", "mend --base-url")
    if names and model not in names:
        fix = f"give --model chat:{quote(names[0], key)}"
        return Finding("model", "note", f"{url} does not list {model}", fix)
    return Finding("model", "ok", f"{model} at {url} (status {status})")


def _ask(url: str, key: str) -> tuple[int, list[str]]:
    """The status of the answer and the names in it. Raises ModelUnavailable, whose words may quote the key."""
    import httpx  # noqa: PLC0415

    headers = {"Authorization": f"Bearer {key}"} if key else {}
    proxies = httpx.URL(url).host not in _LOOPBACK  # no proxy can reach this machine's own servers
    data = b""
    try:
        with httpx.stream("GET", url, headers=headers, timeout=_ANSWER_SECONDS, trust_env=proxies) as answer:
            for chunk in answer.iter_bytes():
                data += chunk
                if len(data) > _MOST_BYTES:
                    break
    except httpx.HTTPError as exc:
        raise ModelUnavailable(str(exc) or type(exc).__name__, fix="start the server, or mend --base-url") from exc
    except (OSError, ValueError, ImportError, httpx.InvalidURL) as exc:
        raise ModelUnavailable(str(exc), fix="look at HTTP_PROXY, HTTPS_PROXY, ALL_PROXY and SSL_CERT_FILE") from exc
    return answer.status_code, _names(data)


def _names(data: bytes) -> list[str]:
    """The names on a server's list of models; none where it is no such list."""
    try:
        return [str(entry["id"]) for entry in json.loads(data)["data"]]
    except (ValueError, LookupError, TypeError, RecursionError):
        return []


def _checkpoint(source: str) -> Finding:
    """A folder must be whole; a hub id may still have to be fetched."""
    from agent.models import checkpoint  # noqa: PLC0415

    missing = missing_from("vlm")
    if missing:
        return Finding("model", "failed", f"{source} needs {', '.join(missing)}", "pip install 'handeye[vlm]'")
    if checkpoint.is_hub_id(source):
        return _cached(source)
    checkpoint.check_weights(checkpoint.local_folder(source))
    return Finding("model", "ok", f"{source}: configuration and weights are whole")


def _cached(hub_id: str) -> Finding:
    from huggingface_hub import try_to_load_from_cache  # noqa: PLC0415  # comes with transformers

    try:
        config = try_to_load_from_cache(hub_id, "config.json")
    except ValueError as exc:
        raise ModelUnavailable(f"{hub_id} is no name of a model: {exc}") from exc
    if isinstance(config, str):
        return Finding("model", "ok", f"{hub_id} is in the cache")
    return Finding("model", "note", f"{hub_id} is not downloaded yet; the first run does it", f"hf download {hub_id}")
