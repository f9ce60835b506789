"""What a cascade can do of what the API can: a client's event as it is taken, or its refusal with the parameter.

Nothing is ignored in silence. What is refused is what somebody would rely on and not get. A few fields say who serves,
not what is wanted: they are taken with the value that holds here, and `session.updated` shows it.
"""

from collections.abc import Mapping
from typing import Any

from relay.config.cascade import Cascade
from relay.engine.errors import Fault, Refused
from relay.engine.events import Event

WHY: Mapping[str, str] = {
    "noise_reduction": "none is done to what is heard; reduce noise where it is recorded",
    "include": "the service that hears gives no log probabilities",
    "prompt": "stored prompts are the API's; send instructions",
    "truncation": "the oldest turns are left out beyond context_tokens, which the operator sets",
    "reasoning": "how the model reasons is the operator's to set, with cascade.think.extra",
    "parallel_tool_calls": "the model decides how many functions it calls at once",
    "tools": "functions alone can be called, no MCP servers",
    "tool_choice": "functions alone can be called, no MCP servers",
    "languages": "the service that hears takes one language",
    "delay": "the service that hears takes its own time",
    "item": "functions alone can be called, no MCP servers",
}


def allowed(event: Event, settings: Cascade) -> Event:
    """A checked client event as a cascade takes it.

    Raises:
        Refused: with the parameter that it cannot do.
    """
    match event["type"]:
        case "session.update":
            return {**event, "session": _session(event["session"], settings)}
        case "response.create":
            _refuse_model_settings(event.get("response") or {}, "response")
            for index, item in enumerate((event.get("response") or {}).get("input", ())):
                _refuse_mcp_item(item, f"response.input[{index}]")
        case "conversation.item.create":
            _refuse_mcp_item(event["item"], "item")
    return event


def _session(given: dict[str, Any], settings: Cascade) -> dict[str, Any]:
    _refuse_model_settings(given, "session")
    _refuse_if(bool(given.get("include")), "session.include")
    _refuse_if(given.get("truncation", "auto") != "auto", "session.truncation")
    hearing = given.get("audio", {}).get("input", {})
    _refuse_if(hearing.get("noise_reduction") is not None, "session.audio.input.noise_reduction")
    taken = {**given, "tracing": None} if "tracing" in given else given
    if (transcription := hearing.get("transcription")) is None:
        return taken
    at = "session.audio.input.transcription"
    _refuse_if(len(transcription.get("languages") or ()) > 1, f"{at}.languages")
    _refuse_if(transcription.get("delay") is not None, f"{at}.delay")
    heard_by = {**transcription, "model": settings.hear.addresses[0].model}
    return {**taken, "audio": {**given["audio"], "input": {**hearing, "transcription": heard_by}}}


def _refuse_model_settings(given: Mapping[str, Any], at: str) -> None:
    """What stands in sessions and responses alike."""
    _refuse_if(given.get("prompt") is not None, f"{at}.prompt")
    _refuse_if(given.get("reasoning") is not None, f"{at}.reasoning")
    _refuse_if(given.get("parallel_tool_calls") is False, f"{at}.parallel_tool_calls")
    for index, tool in enumerate(given.get("tools", ())):
        _refuse_if(tool.get("type", "function") != "function", f"{at}.tools[{index}].type", "tools")
    choice = given.get("tool_choice")
    _refuse_if(isinstance(choice, dict) and choice["type"] != "function", f"{at}.tool_choice.type", "tool_choice")


def _refuse_mcp_item(item: Mapping[str, Any], at: str) -> None:
    _refuse_if(item["type"].startswith("mcp"), f"{at}.type", "item")


def _refuse_if(is_wrong: bool, param: str, reason: str = "") -> None:
    if is_wrong:
        raise Refused(Fault.UNSUPPORTED, param=param, why=WHY[reason or param.rpartition(".")[2]])
