"""relay.cascade.services.turns"""

import asyncio

from relay.cascade.services.turns import Turn


async def test_a_turn_can_be_read_while_it_comes_and_again() -> None:
    """A turn is read as it comes, and from its beginning again where a service is asked a second time."""
    turn = Turn(b"ab", is_whole=False)
    whole: list[bool] = []
    turn.on_whole = lambda: whole.append(turn.is_whole)
    reading = asyncio.ensure_future(turn.until_whole())
    turn.add(b"cd", is_last=False)
    turn.add(b"", is_last=True)
    assert await reading == b"abcd"
    assert await turn.until_whole() == b"abcd"
    assert whole == [True]
