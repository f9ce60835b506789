import asyncio

from relay.core.leg import Closed, Listener
from relay.legs.null import NullLeg


async def test_a_leg_with_nobody_behind_it() -> None:
    """It takes what it is sent, keeps none of it, and ends as it is closed first."""
    told: list[Closed] = []
    leg = NullLeg()
    running = asyncio.ensure_future(
        leg.run(Listener(lambda data, now: None, lambda closed, now: told.append(closed), lambda now: None))
    )
    assert leg.send("hello", 0.0) == leg.buffered_bytes == 0
    leg.pause_reading()
    leg.close(1000, "hung up")
    leg.close(1012, "draining")
    leg.resume_reading()
    await running
    assert told == [Closed(1000, "hung up")]
