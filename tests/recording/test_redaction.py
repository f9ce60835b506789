"""What gets into a recording, and what does not."""

import base64
import hashlib
import json

import pytest

from relay.core.redaction import Secrets
from relay.recording.redaction import HASHED_AUDIO, Redactor

KEY = "sk-sentinel-77aa"
AUDIO = base64.b64encode(bytes(range(256)) * 4).decode()
MARK = f"sha256:{hashlib.sha256(base64.b64decode(AUDIO)).hexdigest()}:1024"


@pytest.mark.parametrize(
    "data",
    [
        json.dumps({"type": "input_audio_buffer.append", "audio": AUDIO}),
        json.dumps({"type": "response.output_audio.delta", "delta": AUDIO}),
        json.dumps({"type": "session.input_audio_buffer.append", "audio": AUDIO}),
        '{ "type" : "session.update", "session": {"instructions": "Be kind."} }',
        '{"type":"response.done","response":{"usage":{"total_tokens":1e3}}}',
        "{broken",
        "[]",
        b"\x00\xff",
    ],
)
def test_what_needs_no_change_is_the_very_same(data) -> None:
    """A message that holds nothing secret is recorded to the byte, with all its spaces."""
    assert Redactor(Secrets([KEY])).message(data) is data


@pytest.mark.parametrize(
    "data",
    [
        json.dumps({"type": "error", "error": {"message": f"Incorrect API key provided: {KEY}"}}),
        json.dumps({"type": "response.output_text.delta", "delta": f"The key is {KEY}"}),
        json.dumps({"type": "error", KEY: 1}),
        '{"type":"error","why":"\\u0073k-sentinel-77aa"}',
        f"{{broken {KEY}",
        json.dumps({"type": "session.update", "session": {"tools": [{"type": "mcp", "authorization": KEY}]}}),
        json.dumps({"type": "session.update", "session": {"tools": [{"type": "mcp", "headers": {"X-Key": KEY}}]}}),
    ],
)
@pytest.mark.parametrize("known", [True, False])
def test_no_key_is_recorded(data, known) -> None:
    """The relay's key is taken out of whatever quotes it; a tool's credentials, whoever's they are."""
    shown = Redactor(Secrets([KEY] if known else [])).message(data)
    if known or "mcp" in data:
        assert KEY not in str(json.loads(shown) if "broken" not in data else shown)
        assert "[redacted]" in str(shown)


@pytest.mark.parametrize(
    ("event", "expected"),
    [
        ({"type": "input_audio_buffer.append", "audio": AUDIO}, {"type": "input_audio_buffer.append", "audio": MARK}),
        ({"type": "session.input_audio.append", "audio": AUDIO}, {"type": "session.input_audio.append", "audio": MARK}),
        ({"type": "session.output_audio.delta", "delta": AUDIO}, {"type": "session.output_audio.delta", "delta": MARK}),
        (
            {"type": "response.output_audio.delta", "delta": AUDIO},
            {"type": "response.output_audio.delta", "delta": MARK},
        ),
        (
            {"type": "conversation.item.create", "item": {"content": [{"type": "input_audio", "audio": AUDIO}]}},
            {"type": "conversation.item.create", "item": {"content": [{"type": "input_audio", "audio": MARK}]}},
        ),
        ({"type": "response.output_text.delta", "delta": "Hi"}, {"type": "response.output_text.delta", "delta": "Hi"}),
        ({"type": "session.update", "audio": {"input": {}}}, {"type": "session.update", "audio": {"input": {}}}),
    ],
)
def test_audio_can_be_left_out(event, expected) -> None:
    """With `audio = "hash"` a digest and a size stand for each piece of audio, wherever it is."""
    shown = Redactor(Secrets([]), audio="hash").message(json.dumps(event))
    assert json.loads(shown) == expected


def test_binary_audio_can_be_left_out() -> None:
    """With `audio = "hash"` a binary message is its digest and size, too."""
    shown = Redactor(Secrets([]), audio="hash").message(b"abc")
    assert isinstance(shown, bytes)
    assert HASHED_AUDIO.fullmatch(shown.decode())


@pytest.mark.parametrize("kind", ["session.update", "session.created", "response.create"])
def test_instructions_can_be_left_out(kind) -> None:
    """With `instructions = "redacted"` no event shows them; the rest of it stays."""
    event = {"type": kind, "session": {"instructions": "Secret sauce", "tools": []}}
    shown = Redactor(Secrets([]), instructions="redacted").message(json.dumps(event))
    assert json.loads(shown) == {"type": kind, "session": {"instructions": "[redacted]", "tools": []}}
