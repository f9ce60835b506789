"""A session as a whole: what it makes of messages that are none, how it ends, what it holds."""

from base64 import b64encode
from typing import Any

import orjson
import pytest

from relay.engine.errors import Fault
from tests.stand_ins.mock.talk import Talk, silence, tone, trace

METADATA = "response.metadata"


def written(**fields: Any) -> str:
    """A `response.create` as it goes over the wire."""
    return orjson.dumps({"type": "response.create", **fields}).decode()


def nested(depth: int) -> dict[str, Any]:
    """An object in an object in an object …"""
    inner: dict[str, Any] = {}
    for _ in range(depth):
        inner = {"type": "object", "properties": inner}
    return inner


@pytest.mark.parametrize(
    ("message", "code", "param"),
    [
        (b'{"type": "response.create"}', "invalid_event", None),
        ("", "invalid_json", None),
        ("{", "invalid_json", None),
        ('{"type": "response.create"', "invalid_json", None),
        ("[" * 100_000, "invalid_json", None),
        ("[]", "invalid_json", None),
        ("7", "invalid_json", None),
        ('"response.create"', "invalid_json", None),
        ("{}", "missing_required_parameter", "type"),
        ('{"type": 7}', "invalid_type", "type"),
        ('{"type": "session.destroy"}', "invalid_value", "type"),
        ('{"type": "input_audio_buffer.append"}', "missing_required_parameter", "audio"),
        ('{"type": "input_audio_buffer.append", "audio": "?"}', "invalid_value", "audio"),
        ('{"type": "input_audio_buffer.append", "audio": "abc"}', "invalid_value", "audio"),
        ('{"type": "input_audio_buffer.append", "audio": 7}', "invalid_type", "audio"),
        ('{"type": "input_audio_buffer.clear", "extra": 1}', "unknown_parameter", "extra"),
        ('{"type": "response.cancel"}', "response_cancel_not_active", None),
        ('{"type": "response.create", "response": {"metadata": {"a": 1}}}', "invalid_type", "response.metadata.a"),
        ('{"type": "response.create", "event_id": 7}', "invalid_type", "event_id"),
        (written(event_id="x" * 513), "string_above_max_length", "event_id"),
        (written(response={"metadata": dict.fromkeys(map(str, range(17)), "")}), "array_above_max_length", METADATA),
        (written(response={"prompt": nested(100)}), "invalid_json", None),
    ],
)
def test_a_wrong_message_is_an_error_and_nothing_else(message: str | bytes, code: str, param: str | None) -> None:
    """Whatever cannot be understood is answered by one `error`, and the session goes on."""
    talk = Talk()
    (event,) = talk.send_raw(message)
    assert (event["type"], event["error"]["code"], event["error"]["param"]) == ("error", code, param)
    assert event["error"]["event_id"] is None
    assert trace(talk.send("response.create")) == ["response.created"]


def test_an_unknown_type_is_told_what_is_known() -> None:
    """The message of an unknown type lists the types that there are, and the sender's event_id is echoed."""
    error = Talk().refusal("session.destroy")
    assert error["message"].startswith("Invalid value: 'session.destroy'. Supported values are: 'session.update', ")


def test_every_refusal_has_its_own_row() -> None:
    """Codes and messages of the table can be told apart."""
    rows = {(fault.value.code, fault.value.message) for fault in Fault}
    assert len(rows) == len(Fault.__members__)


def test_what_is_taken_can_be_told_again() -> None:
    """A tool as deep as is allowed is echoed, read, and called."""
    talk = Talk()
    (updated,) = talk.update(tools=[{"type": "function", "name": "dig", "parameters": nested(90)}])
    assert orjson.loads(orjson.dumps(updated)) == updated
    (item,) = talk.ask("Dig.", tool_choice="required")[-2]["response"]["output"]
    assert item["name"] == "dig"


def test_an_event_carries_at_most_15_mib_of_audio() -> None:
    """Fifteen MiB in one append are taken; a byte more is refused."""
    talk = Talk()
    talk.update(audio={"input": {"turn_detection": None}})
    limit = 15 << 20
    assert talk.send("input_audio_buffer.append", audio=b64encode(bytes(limit)).decode()) == []
    error = talk.refusal("input_audio_buffer.append", audio=b64encode(bytes(limit + 1)).decode())
    assert "15 MiB" in error["message"]


def test_a_session_expires() -> None:
    """After its time comes the error session_expired, and the close 1001 with the same words; then nothing."""
    talk = Talk(session_seconds=90 * 60)
    talk.write("Tell me a story.")
    talk.wait(90 * 60 - 1)
    talk.send("response.create")
    came = talk.wait(2)
    assert came[-1]["error"]["code"] == "session_expired"
    closing = talk.session.closing
    assert closing is not None
    assert closing.close_code == 1001
    assert (
        closing.close_reason == came[-1]["error"]["message"] == ("Your session hit the maximum duration of 90 minutes.")
    )
    assert talk.send("response.create") == []


def test_what_was_heard_is_recorded_as_far_as_asked() -> None:
    """`heard` keeps the first seconds of what was appended, and nothing unless it is asked to."""
    pcm = tone(700) + silence(500)
    talk = Talk(record_s=1.0)
    talk.speak(pcm)
    assert talk.session.heard == pcm[: 1000 * 48]
    talk = Talk()
    talk.speak(pcm)
    assert talk.session.heard == b""


def test_an_ended_session_holds_nothing() -> None:
    """When its connection has gone, a session lets go of its conversation and answers no more."""
    talk = Talk(record_s=1.0)
    talk.speak(tone(500))
    talk.ask("Tell me a story.")
    talk.send("response.create")
    talk.session.end()
    assert list(talk.session.conversation) == []
    assert talk.send("response.create") == []
    assert talk.wait(60) == []
    assert len(talk.session.heard) == len(tone(500))
