"""Peers that try everything against the locks."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from relay.core.locks import Locks
from tests.fakes.disguises import VALUES, gets_round_locks, written_events
from tests.fakes.legs import Joined
from tests.reliability.conftest import Report

pytestmark = [pytest.mark.reliability, pytest.mark.timeout(600)]

EVENTS = 100_000
IN_A_SESSION = 20


def test_a_hundred_thousand_events(report: Report) -> None:
    """Of so many events in disguise none crashes a session, and none sets what is locked."""
    tried = 0

    @settings(
        max_examples=EVENTS // IN_A_SESSION, deadline=None, database=None, suppress_health_check=list(HealthCheck)
    )
    @given(st.lists(written_events() | VALUES, min_size=IN_A_SESSION, max_size=IN_A_SESSION))
    def one_session(messages: list[str]) -> None:
        nonlocal tried
        joined = Joined(Locks(["instructions", "tools", "audio.output.voice"])).opened()
        for message in messages:
            joined.peer_says(message)
            tried += 1
        for sent in joined.upstream.sent:
            assert not gets_round_locks(sent), sent

    one_session()
    assert tried >= EVENTS
    report(f"{EVENTS:,} events in disguise: crashes, and changes to what is locked", "0", "0 and 0")
