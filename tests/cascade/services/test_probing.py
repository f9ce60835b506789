"""relay.cascade.services.probing"""

import pytest
from structlog.testing import capture_logs

from relay.cascade.services.asking import Http
from relay.cascade.services.dialling import dial_with
from relay.cascade.services.probing import SENTENCE, Tried, try_stages, warn_of_the_dead
from relay.config.cascade import Cascade
from relay.legs.target import DialOptions
from tests.fakes.orders import cascade_at

DEAD = {"url": "http://127.0.0.1:9/v1", "model": "none"}


async def tried(cascade: Cascade) -> list[Tried]:
    http = Http()
    try:
        dial = dial_with(DialOptions(max_message_bytes=1 << 20))
        return [one async for one in try_stages(cascade, http, dial, "marin")]
    finally:
        await http.close()


@pytest.mark.parametrize("hear", [{}, {"kind": "session"}, {"kind": "vllm"}])
@pytest.mark.parametrize("think", [{}, {"kind": "responses"}])
async def test_each_service_does_what_it_is_for(services, hear, think) -> None:
    """A voice says a sentence, which is then heard, and a model answers, by whichever way it is asked."""
    place = {"url": services.sessions_url} if hear else {}
    found = await tried(cascade_at(services, hear={**hear, **place}, think=think))
    assert [one.stage.value for one in found] == ["speak", "hear", "think"]
    assert [one.failure for one in found] == ["", "", ""]
    assert found[0].said == f"said {SENTENCE!r} in 2.0 s of sound"
    assert found[1].said == "heard 'Hello there.'"
    assert found[2].said.startswith("answered 'You said: ")
    assert all(0 < one.first_ms <= one.whole_ms for one in found)


async def test_a_second_address_is_tried_as_well(services) -> None:
    """Each address is tried for itself, and what fails says how."""
    found = await tried(cascade_at(services, think={**DEAD, "instead": {"url": services.url, "model": "m"}}))
    failures = [one.failure for one in found]
    assert failures == ["", "", "127.0.0.1:9 cannot be reached: Connection refused", ""]


async def test_without_a_voice_there_is_nothing_to_hear(services) -> None:
    """Where no voice said anything, who hears cannot be tried."""
    found = await tried(cascade_at(services, speak=DEAD))
    assert found[1].failure == "was not tried, since no voice said anything to be heard"


async def test_a_service_that_hangs_is_told(services) -> None:
    """A service that gives no answer at all is told after a while."""
    services.fault("think", hangs_after=0)
    found = await tried(cascade_at(services, think={"timeout_s": 0.05}))
    assert "gave no result for" in found[2].failure


async def test_a_dead_service_is_a_warning(services) -> None:
    """At start a service that does not answer is a warning that names it; one that answers anything is none."""
    http = Http()
    with capture_logs() as log:
        await warn_of_the_dead(cascade_at(services, speak=DEAD), http)
    await http.close()
    assert [(line["event"], line["stage"]) for line in log] == [("cascade.service_silent", "speak")]
    assert "127.0.0.1:9 cannot be reached" in log[0]["reason"]
