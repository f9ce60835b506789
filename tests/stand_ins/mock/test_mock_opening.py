"""Which upgrade requests the API would have, and how it refuses the others."""

import pytest

from relay.engine.errors import Refused
from relay.stand_ins.mock.opening import Opening, Upgrade


def upgrade(
    query: str = "?model=gpt-realtime-2.1", *, authorization: str = "", beta: str = "", protocols: str = ""
) -> Upgrade:
    return Upgrade(f"/v1/realtime{query}", authorization, beta, protocols.split())


@pytest.mark.parametrize(
    ("query", "model"),
    [
        ("?model=gpt-realtime-2.1", "gpt-realtime-2.1"),
        ("?model=anything&other=1", "anything"),
        ("?call_id=rtc_1", "gpt-realtime-2.1"),
        ("?intent=realtime&model=m", "m"),
        ("?intent=transcription", None),
    ],
)
def test_the_query_says_what_is_wanted(query: str, model: str | None) -> None:
    """A model, a call to watch, or a transcription; what is unknown is ignored."""
    assert upgrade(query).opening(None) == Opening(model)


@pytest.mark.parametrize(
    ("refused", "code", "reason"),
    [
        (upgrade(""), 4000, "missing_model"),
        (upgrade("?model="), 4000, "missing_model"),
        (upgrade("?intent=realtime"), 4000, "missing_model"),
        (upgrade("?intent=transcription&model=whisper-1"), 4000, "invalid_model"),
        (upgrade(beta="realtime=v1"), 4000, "beta_api_shape_disabled"),
        (upgrade(protocols="realtime openai-beta.realtime-v1"), 4000, "beta_api_shape_disabled"),
    ],
)
def test_what_is_missing_or_outdated_is_refused(refused: Upgrade, code: int, reason: str) -> None:
    """No model, a model too many, the beta: each has its close code, and the error's code in the reason."""
    with pytest.raises(Refused) as refusal:
        refused.opening(None)
    assert (refusal.value.close_code, refusal.value.close_reason) == (code, f"invalid_request_error.{reason}")


def test_a_key_is_asked_for_only_if_there_is_one() -> None:
    """Where a key is required, it opens by header or by subprotocol, and any other closes 3000."""
    assert upgrade(authorization="Bearer sk-right").opening("sk-right")
    assert upgrade(protocols="realtime openai-insecure-api-key.sk-right").opening("sk-right")
    assert upgrade(authorization="Bearer sk-any").opening(None)
    for wrong in (upgrade(authorization="Bearer sk-wrong"), upgrade()):
        with pytest.raises(Refused) as refusal:
            wrong.opening("sk-right")
        assert refusal.value.close_code == 3000
        assert refusal.value.close_reason == "invalid_request_error.invalid_api_key"
