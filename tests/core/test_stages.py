"""What a relay makes of the stages that its cascade tells it."""

import orjson

from relay.core.stages import STAGES, StageTimer
from relay.core.tally import StageTally
from tests.fakes.legs import Joined

TIMES = {"hear_ms": 120.0, "total_ms": 460.0}
TOLD = {"response_id": "resp_1", "ahead": True, "voided": 2, "times": TIMES, "usage": {}}


def test_stages_are_observed_and_kept_back() -> None:
    """The times of an answer are observed, what was begun ahead is counted, and a peer that did not ask is not told."""
    tally = StageTally()
    joined = Joined(StageTimer(tally)).opened()
    joined.upstream_says(orjson.dumps({"type": STAGES, "event_id": "event_1", **TOLD}).decode())
    assert (tally.seconds["total"].sum, sum(tally.seconds["hear"].counts)) == (0.46, 1)
    assert tally.ahead == {"used": 1, "voided": 2}
    assert joined.peer.sent == []
