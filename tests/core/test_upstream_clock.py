"""Times that an upstream says, by the session's clock."""

import pytest

from relay.core.events import read_upstream_event
from relay.core.upstream_clock import CLOCKED, UpstreamClock


@pytest.mark.parametrize("kind", sorted(CLOCKED))
@pytest.mark.parametrize(
    ("begins_ms", "said", "told"),
    [
        (0.0, '"audio_start_ms":100', '"audio_start_ms":100'),
        (60_000.4, '"audio_start_ms":100', '"audio_start_ms":60100'),
        (1.6, '"audio_start_ms":1,"audio_end_ms":2', '"audio_start_ms":3,"audio_end_ms":4'),
        (1.6, '"audio_end_ms":null', '"audio_end_ms":null'),
        (1.6, '"audio_end_ms":true', '"audio_end_ms":true'),
        (1.6, '"audio_start_ms":"1","audio_end_ms":2', '"audio_start_ms":"1","audio_end_ms":4'),
    ],
)
def test_the_clock_of_a_later_upstream(kind, begins_ms, said, told) -> None:
    """Times move by what had been said before the upstream was told anything; what is no time stays as it is."""
    clock = UpstreamClock()
    clock.begins_ms = begins_ms
    event = clock.of_session(read_upstream_event(f'{{"type":"{kind}",{said}}}'))
    assert event.data == f'{{"type":"{kind}",{told}}}'
