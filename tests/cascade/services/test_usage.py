"""relay.cascade.services.usage"""

import pytest

from relay.cascade.orders import StageUsage
from relay.cascade.services.usage import heard_usage, thought_usage


@pytest.mark.parametrize(
    ("usage", "read"),
    [
        (
            {"prompt_tokens": 10, "completion_tokens": 3, "prompt_tokens_details": {"cached_tokens": 4}},
            StageUsage("m", text_input=6, text_cached=4, text_output=3, is_counted=True),
        ),
        ({"input_tokens": 10, "output_tokens": 3}, StageUsage("m", text_input=10, text_output=3, is_counted=True)),
        ({"prompt_tokens": "many"}, StageUsage("m")),
        (None, StageUsage("m")),
        ([], StageUsage("m")),
    ],
)
def test_an_answer_is_counted_in_tokens(usage, read) -> None:
    """What an answer used is read under either name; what is no count is none."""
    assert thought_usage("m", usage) == read


@pytest.mark.parametrize(
    ("usage", "read"),
    [
        ({"type": "duration", "seconds": 3}, StageUsage("m", seconds=3.0)),
        (
            {"type": "tokens", "input_tokens": 20, "output_tokens": 5, "input_token_details": {"text_tokens": 4}},
            StageUsage("m", seconds=2.0, text_input=4, audio_input=16, text_output=5, is_counted=True),
        ),
        (None, StageUsage("m", seconds=2.0)),
    ],
)
def test_a_transcript_is_counted_in_seconds_or_tokens(usage, read) -> None:
    """A transcript is billed by its time or its tokens; where nothing is said, by how long the turn was."""
    assert heard_usage("m", usage, 96_000) == read
