"""What comes out of a translation is what the `openai` package types on the other side."""

import json
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from openai.types.beta.realtime import RealtimeClientEvent as BetaClientEvent
from openai.types.beta.realtime import RealtimeServerEvent as BetaServerEvent
from openai.types.realtime import RealtimeClientEvent, RealtimeServerEvent

from relay.core.dialect import Translation
from relay.core.dialect.translation import OneWay
from tests.fakes.drawn_events import WORDS, Body, event, models_of, unknown_fields

BETA_CLIENT, BETA_SERVER = models_of(BetaClientEvent), models_of(BetaServerEvent)
GA_CLIENT, GA_SERVER = models_of(RealtimeClientEvent), models_of(RealtimeServerEvent)

STATUS = st.sampled_from(["completed", "incomplete", "in_progress"])


def message(role: str, *parts: tuple[str, str]) -> st.SearchStrategy[Body]:
    content = st.lists(st.sampled_from([{"type": kind, field: "words"} for kind, field in parts]), max_size=2)
    return st.fixed_dictionaries({"type": st.just("message"), "role": st.just(role), "content": content})


BETA_ITEMS = st.one_of(
    message("user", ("input_text", "text"), ("input_audio", "transcript")),
    message("system", ("input_text", "text")),
    message("assistant", ("text", "text"), ("audio", "transcript")),
    st.fixed_dictionaries({"type": st.just("function_call"), "name": WORDS, "arguments": WORDS, "call_id": WORDS}),
    st.fixed_dictionaries({"type": st.just("function_call_output"), "output": WORDS, "call_id": WORDS}),
)
BETA_SHAPES = {"ConversationItem": BETA_ITEMS, "ConversationItemWithReference": BETA_ITEMS}

NEW_SINCE_BETA = (
    "RealtimeMcpApprovalResponse", "RealtimeMcpApprovalRequest", "RealtimeMcpListTools", "RealtimeMcpToolCall", "Mcp",
    "RealtimeResponseCreateMcpTool", "ToolChoiceMcp", "VoiceID", "OutputVoiceID",
)  # fmt: skip
GA_SHAPES = {
    **{name: st.nothing() for name in NEW_SINCE_BETA},
    "realtime_conversation_item_user_message.Content": st.just({"type": "input_audio", "transcript": "words"}),
    "ToolChoiceFunction": st.nothing(),  # the beta's type knows the choice by name as a string only
}


ANSWERS_IN_TEXT = {"realtime_conversation_item_assistant_message.Content": st.just({"type": "output_text", "text": ""})}
"""The beta's type of `response.create` has no part for an answer's audio."""

TYPICAL = {
    "tool_choice": "auto",
    "include": ["item.input_audio_transcription.logprobs"],
    "input_audio_format": "g711_ulaw",
    "output_audio_format": "pcm16",
    "format": {"type": "audio/pcma"},
    "model": "gpt-realtime",
    "transcription": {"model": "whisper-1"},
}
"""Of fields whose types are wider than what they may say."""


def said_by_a_program(body: Any) -> Any:
    """The same event, without what a beta's type allows and no program has a reason to say."""
    if isinstance(body, list):
        return [said_by_a_program(part) for part in body]
    if not isinstance(body, dict):
        return body
    whole = {name: said_by_a_program(value) for name, value in body.items()}
    detection = whole.get("turn_detection")
    if isinstance(detection, dict) and detection.get("type") not in {"server_vad", "semantic_vad"}:
        detection["type"] = "server_vad"
    return whole | {name: value for name, value in TYPICAL.items() if name in whole}


def translated(way: OneWay, body: Body) -> list[Body]:
    return [json.loads(message) for message in way(json.dumps(body))]


@settings(max_examples=200, deadline=None, derandomize=True)
@given(event(BETA_CLIENT, BETA_SHAPES).map(said_by_a_program))
def test_what_goes_to_a_ga_upstream_is_ga(body) -> None:
    """A beta peer's event is one of GA's behind the relay, and says nothing that GA would refuse as unknown."""
    [out] = translated(Translation().from_peer, body)
    assert list(unknown_fields(GA_CLIENT[out["type"]].model_validate(out))) == []


@settings(max_examples=200, deadline=None, derandomize=True)
@given(event({**BETA_SERVER, "response.function_call_arguments.done": BETA_SERVER["error"]}, BETA_SHAPES))
def test_what_comes_to_a_ga_peer_is_ga(body) -> None:
    """A beta upstream's events are GA's in front of the relay."""
    for out in translated(Translation().from_upstream, said_by_a_program(body)):
        GA_SERVER[out["type"]].model_validate(out)


@settings(max_examples=200, deadline=None, derandomize=True)
@given(event({kind: model for kind, model in GA_SERVER.items() if "mcp" not in kind}, GA_SHAPES).map(said_by_a_program))
def test_what_comes_to_a_beta_peer_is_beta(body) -> None:
    """A GA upstream's events are the beta's in front of the relay; those that the beta has not are as they were."""
    for out in translated(Translation().to_peer, body):
        if out["type"] in BETA_SERVER:
            BETA_SERVER[out["type"]].model_validate(out)
        else:
            assert out == body


@settings(max_examples=200, deadline=None, derandomize=True)
@given(event(GA_CLIENT, GA_SHAPES | ANSWERS_IN_TEXT).map(said_by_a_program))
def test_what_goes_to_a_beta_upstream_is_beta(body) -> None:
    """A GA peer's events are the beta's behind the relay."""
    [out] = translated(Translation().to_upstream, body)
    BETA_CLIENT[out["type"]].model_validate(out)
