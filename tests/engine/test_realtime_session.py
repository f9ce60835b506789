"""session.update: what changes, what is echoed, what is refused whole."""

from typing import Any

import pytest

from tests.stand_ins.mock.talk import TRANSCRIPTION, Talk


def updated(talk: Talk, **session: Any) -> dict[str, Any]:
    """The session after this update, which must not be refused."""
    (event,) = talk.update(**session)
    assert event["type"] == "session.updated"
    told: dict[str, Any] = event["session"]
    return told


def test_only_what_is_there_is_changed() -> None:
    """An update of one field leaves its neighbours as they were, at every depth."""
    talk = Talk()
    before = talk.events[0]["session"]
    after = updated(talk, instructions="Be brief.", audio={"output": {"speed": 1.2}})
    assert after["audio"]["output"] == {**before["audio"]["output"], "speed": 1.2}
    assert after["audio"]["input"] == before["audio"]["input"]
    assert {**after, "instructions": None, "audio": None} == {**before, "instructions": None, "audio": None}


def test_null_and_empty_switch_off() -> None:
    """null ends turn detection, empty instructions and tools are taken as such."""
    talk = Talk()
    updated(talk, instructions="Be brief.", tools=[{"type": "function", "name": "look_up"}])
    after = updated(talk, instructions="", tools=[], audio={"input": {"turn_detection": None}})
    assert (after["instructions"], after["tools"]) == ("", [])
    assert after["audio"]["input"]["turn_detection"] is None


def test_turn_detection_comes_with_the_defaults_of_its_kind() -> None:
    """One kind of detection is replaced by the other, not mixed with it."""
    talk = Talk()
    semantic = updated(talk, audio={"input": {"turn_detection": {"type": "semantic_vad"}}})
    assert semantic["audio"]["input"]["turn_detection"] == {
        "type": "semantic_vad",
        "eagerness": "auto",
        "create_response": True,
        "interrupt_response": True,
    }
    server = updated(talk, audio={"input": {"turn_detection": {"type": "server_vad", "threshold": 0.8}}})
    assert server["audio"]["input"]["turn_detection"]["threshold"] == 0.8
    assert server["audio"]["input"]["turn_detection"]["silence_duration_ms"] == 200


def test_secrets_of_tools_are_not_echoed() -> None:
    """The authorization and the headers of an MCP tool stay out of session.updated."""
    mcp = {"type": "mcp", "server_label": "files", "authorization": "secret", "headers": {"x-key": "secret"}}
    assert "secret" not in str(updated(Talk(), tools=[mcp]))


REFUSED: list[tuple[dict[str, Any], str, str]] = [
    ({"instructions": 5}, "invalid_type", "session.instructions"),
    ({"modalities": ["audio"]}, "unknown_parameter", "session.modalities"),
    ({"temperature": 0.8}, "unknown_parameter", "session.temperature"),
    ({"output_modalities": ["audio", "text"]}, "array_above_max_length", "session.output_modalities"),
    ({"output_modalities": ["video"]}, "invalid_value", "session.output_modalities[0]"),
    ({"model": "gpt-another"}, "cannot_update_model", "session.model"),
    ({"max_output_tokens": 0}, "integer_below_min_value", "session.max_output_tokens"),
    ({"max_output_tokens": "all"}, "invalid_value", "session.max_output_tokens"),
    ({"tool_choice": "sometimes"}, "invalid_value", "session.tool_choice"),
    ({"tools": [{"type": "function"}]}, "missing_required_parameter", "session.tools[0].name"),
    ({"audio": {"output": {"speed": 2}}}, "integer_above_max_value", "session.audio.output.speed"),
    (
        {"audio": {"input": {"format": {"type": "audio/pcm"}}}},
        "missing_required_parameter",
        "session.audio.input.format.rate",
    ),
    (
        {"audio": {"input": {"format": {"type": "audio/pcm", "rate": 16000}}}},
        "invalid_value",
        "session.audio.input.format.rate",
    ),
    (
        {"audio": {"input": {"turn_detection": {"type": "server_vad", "create_response": None}}}},
        "invalid_type",
        "session.audio.input.turn_detection.create_response",
    ),
    (
        {"audio": {"input": {"turn_detection": {"type": "none"}}}},
        "invalid_value",
        "session.audio.input.turn_detection.type",
    ),
]


@pytest.mark.parametrize(("wrong", "code", "param"), REFUSED, ids=[row[2].removeprefix("session.") for row in REFUSED])
def test_a_wrong_update_is_refused_whole(wrong: dict[str, Any], code: str, param: str) -> None:
    """One wrong field refuses the update: the right ones in it are not applied either."""
    talk = Talk()
    error = talk.refusal("session.update", session={"type": "realtime", "include": [], **wrong})
    assert (error["type"], error["code"], error["param"]) == ("invalid_request_error", code, param)
    assert talk.session.realtime.as_dict() == talk.events[0]["session"]


def test_an_update_says_which_session_it_means() -> None:
    """session.type is required in each update, and must be that of the session."""
    transcription = {"type": "transcription"}
    assert Talk().refusal("session.update", session={})["message"] == "Missing required parameter: 'session.type'."
    error = Talk().refusal("session.update", session=transcription)
    assert "transcription session update" in error["message"]
    error = Talk(TRANSCRIPTION).refusal("session.update", session={"type": "realtime"})
    assert "realtime session update" in error["message"]
    (told,) = Talk(TRANSCRIPTION).send("session.update", session=transcription)
    assert set(told["session"]["audio"]) == {"input"}
    assert set(told["session"]["audio"]["input"]["turn_detection"]) == {
        "type", "threshold", "prefix_padding_ms", "silence_duration_ms",
    }  # fmt: skip


def test_a_transcription_session_needs_no_detection() -> None:
    """turn_detection null is taken there too, as some models want it."""
    off = {"type": "transcription", "audio": {"input": {"turn_detection": None}}}
    (told,) = Talk(TRANSCRIPTION).send("session.update", session=off)
    assert told["session"]["audio"]["input"]["turn_detection"] is None


def test_the_voice_is_pinned_by_its_first_sound() -> None:
    """The voice may change until the model has spoken; the same voice may be named at any time."""
    talk = Talk()
    updated(talk, audio={"output": {"voice": "marin"}})
    talk.ask("Hello.")
    updated(talk, audio={"output": {"voice": "marin"}})
    other = {"type": "realtime", "instructions": "New.", "audio": {"output": {"voice": "cedar"}}}
    assert talk.refusal("session.update", session=other)["code"] == "cannot_update_voice"
    assert talk.session.realtime["instructions"] != "New."


def test_tracing_is_pinned_once_it_is_on() -> None:
    """Tracing may be switched on, and named again as it is, but not changed."""
    talk = Talk()
    for _ in range(2):
        assert updated(talk, tracing="auto")["tracing"] == "auto"
    assert talk.refusal("session.update", session={"type": "realtime", "tracing": None})["param"] == "session.tracing"
