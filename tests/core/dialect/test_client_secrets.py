import pytest

from relay.core.dialect.client_secrets import BetaSecretRequest

IN_A_MINUTE = {"anchor": "created_at", "seconds": 60}
FLAT = {"model": "gpt-realtime", "voice": "ash", "modalities": ["audio", "text"], "temperature": 0.7}


def test_a_session_is_asked_for_and_shown_flat() -> None:
    """A beta request becomes one for a client secret, and the answer has the session as it was asked for."""
    request = BetaSecretRequest("realtime")
    asked = request.to_ga({**FLAT, "relay": {"origin": "o"}, "client_secret": {"expires_after": IN_A_MINUTE}})
    session = {
        "type": "realtime",
        "model": "gpt-realtime",
        "audio": {"output": {"voice": "ash"}},
        "output_modalities": ["audio"],
    }
    assert asked == {
        "expires_after": IN_A_MINUTE, "relay": {"origin": "o"}, "session": session,
    }  # fmt: skip
    answer = request.to_beta({"value": "ek_1", "expires_at": 7, "session": {"id": "sess_1", **session}})
    assert answer == {
        "id": "sess_1", "model": "gpt-realtime", "voice": "ash", "modalities": ["audio", "text"], "temperature": 0.7,
        "client_secret": {"value": "ek_1", "expires_at": 7},
    }  # fmt: skip


@pytest.mark.parametrize(
    ("secret", "lifetime"),
    [
        (None, {}),
        ({}, {}),
        (
            {"expires_at": IN_A_MINUTE},
            {"expires_after": IN_A_MINUTE},
        ),
        ({"expires_at": 7}, {"expires_after": 7}),
    ],
)
def test_a_transcription_session(secret, lifetime) -> None:
    """The other path asks for a transcription session, and calls the credential's lifetime by another name."""
    body = {"input_audio_format": "g711_ulaw", "client_secret": secret}
    session = {"type": "transcription", "audio": {"input": {"format": {"type": "audio/pcmu"}}}}
    assert BetaSecretRequest("transcription").to_ga(body) == {**lifetime, "session": session}
