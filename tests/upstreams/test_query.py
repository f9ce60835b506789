import pytest

from relay.admission.session_request import AdmittedRequest
from relay.config.profiles import read_profile
from relay.upstreams.query import upstream_query

DEFAULT = read_profile("default", {"model": "gpt-realtime-2.1"})
TRANSCRIPTION = read_profile("words", {"type": "transcription"})


@pytest.mark.parametrize(
    ("profile", "asked", "dialled"),
    [
        (DEFAULT, [], [("model", "gpt-realtime-2.1")]),
        (DEFAULT, [("model", "mine")], [("model", "mine")]),
        (DEFAULT, [("intent", "transcription")], [("intent", "transcription")]),
        (DEFAULT, [("call_id", "rtc_1")], [("call_id", "rtc_1")]),
        (DEFAULT, [("duplex", "1"), ("duplex", "")], [("model", "gpt-realtime-2.1"), ("duplex", "1"), ("duplex", "")]),
        (DEFAULT, [("profile", "default"), ("relay_events", "1")], [("model", "gpt-realtime-2.1")]),
        (DEFAULT, [("api-key", "x"), ("API_KEY", "x"), ("token", "x")], [("model", "gpt-realtime-2.1")]),
        (TRANSCRIPTION, [], [("intent", "transcription")]),
        (TRANSCRIPTION, [("intent", "transcription")], [("intent", "transcription")]),
    ],
)
def test_what_goes_upstream_of_a_query(profile, asked, dialled) -> None:
    """Unknown parameters pass, ours and credentials do not, and a model is added where the API wants one."""
    assert upstream_query(AdmittedRequest(query=tuple(asked), profile=profile)) == dialled
