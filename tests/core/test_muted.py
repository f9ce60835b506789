"""Answers that should have been heard."""

import json

import pytest

from relay.core.muted import MutedAnswers
from tests.fakes.legs import Joined

WRITTEN = [{"type": "message", "content": [{"type": "output_text", "text": "Hello."}]}]
SPOKEN = [{"type": "message", "content": [{"type": "output_audio", "transcript": "Hello."}]}]


def response(**changed: object) -> dict[str, object]:
    usage = {"output_tokens": 5, "output_token_details": {"text_tokens": 5, "audio_tokens": 0}}
    return {"status": "completed", "output_modalities": ["audio"], "output": WRITTEN, "usage": usage, **changed}


@pytest.mark.parametrize(
    ("done", "is_muted"),
    [
        (response(), True),
        (response(output=SPOKEN), False),
        (response(output_modalities=["text"]), False),
        (response(status="cancelled"), False),
        (response(usage={"output_token_details": {"audio_tokens": 7}}), False),
        (response(usage=None), False),
        (response(output=[{"type": "function_call"}]), False),
        (response(output="odd"), False),
        ("odd", False),
    ],
)
def test_which_answers_are_muted(done, is_muted) -> None:
    """An answer is muted that was asked for aloud, is complete, has text, and was billed without audio."""
    noticed: list[int] = []
    joined = Joined(MutedAnswers(lambda: noticed.append(1))).opened()
    joined.upstream_says(json.dumps({"type": "response.done", "response": done}))
    assert (len(noticed), len(joined.peer.sent)) == (is_muted, 1)
