from dataclasses import asdict
from decimal import Decimal

import pytest

from relay.admission.ticket_session import with_session, within
from relay.config.kinds import TRANSCRIPTION, TRANSLATION
from relay.config.profiles import Profile
from relay.core.injection import merged
from relay.core.limits import DEFAULT_LIMITS

KIND = {"type": "realtime"}
REALTIME = Profile("museum", "gpt-realtime-2.1", {**KIND, "audio": {"output": {"voice": "ash", "speed": 1}}})
PLAIN = Profile("default", "gpt-realtime-2.1", {})
MINUTES = Profile("minutes", None, {}, kind=TRANSCRIPTION)
INTERPRETER = Profile("german", "gpt-realtime-translate", {}, kind=TRANSLATION)
LOCKED = Profile(
    "locked", "gpt-realtime-2.1", {**KIND, "instructions": "Be kind."}, ("instructions", "audio.output.voice")
)


@pytest.mark.parametrize(
    ("profile", "given", "session", "model", "fixed"),
    [
        (REALTIME, {}, REALTIME.session, "gpt-realtime-2.1", False),
        (PLAIN, KIND, {}, "gpt-realtime-2.1", False),
        (PLAIN, {"model": "gpt-realtime-2"}, {}, "gpt-realtime-2", True),
        (PLAIN, {"type": "transcription", "include": []}, {"type": "transcription", "include": []}, None, False),
        (MINUTES, {"type": "transcription"}, {}, None, False),
        (MINUTES, {**KIND, "model": "gpt-realtime-2"}, {}, "gpt-realtime-2", True),
        (
            REALTIME,
            {"audio": {"output": {"voice": "marin"}}, "tools": []},
            {**KIND, "audio": {"output": {"voice": "marin", "speed": 1}}, "tools": []},
            "gpt-realtime-2.1",
            False,
        ),
        (
            LOCKED,
            {"Instructions": "Be rude.", "prompt": {"id": "x"}, "audio": {"output": {"voice": "x", "speed": 2}}},
            {**KIND, "instructions": "Be kind.", "audio": {"output": {"speed": 2}}},
            "gpt-realtime-2.1",
            False,
        ),
    ],
)
def test_a_session_over_a_profile(profile, given, session, model, fixed) -> None:
    """What a credential brings is merged over the profile's session, but for what the profile locks."""
    result = with_session(profile, given)
    assert (result.session, result.model, result.model_fixed) == (session, model, fixed)


@pytest.mark.parametrize("profile", [REALTIME, LOCKED])
def test_a_session_of_another_kind(profile) -> None:
    """A profile that injects or locks anything is for sessions of its own kind."""
    with pytest.raises(ValueError, match="for realtime sessions"):
        with_session(profile, {"type": "transcription"})


@pytest.mark.parametrize(
    ("profile", "session", "words"),
    [
        (INTERPRETER, {"audio": {}}, "for translation sessions"),
        (INTERPRETER, {"type": "translation", "audio": {}}, "must be one of realtime, transcription"),
        (PLAIN, {"type": "live"}, "must be one of realtime, transcription"),
        (PLAIN, {"type": ["realtime"]}, "must be one of realtime, transcription"),
    ],
)
def test_a_session_that_no_credential_brings(profile, session, words) -> None:
    """Credentials bring sessions for realtime and transcription alone."""
    with pytest.raises(ValueError, match=words):
        with_session(profile, session)
    assert with_session(profile, {}) is profile


def test_limits_only_shrink() -> None:
    """A credential's limits bound its sessions below the profile's, and never raise them."""
    assert within(DEFAULT_LIMITS, {}) == DEFAULT_LIMITS
    lower = within(DEFAULT_LIMITS, {"cost_usd": 0.1, "session_minutes": 1000})
    assert asdict(lower) == {**asdict(DEFAULT_LIMITS), "cost_usd": Decimal("0.1")}
    assert repr(within(DEFAULT_LIMITS, {"session_minutes": 0.5}).session_minutes) == "0.5"


def test_lists_are_replaced() -> None:
    """Of two objects each field counts by itself; a list or a value is replaced whole."""
    assert merged({"a": {"b": 1, "c": [1]}, "d": {}}, {"a": {"c": [2]}, "d": None}) == {
        "a": {"b": 1, "c": [2]},
        "d": None,
    }
