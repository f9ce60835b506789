"""Sessions of a cascade, and their answers, leave nothing behind: neither sound nor work for the garbage collector."""

import asyncio
import gc
import weakref
from collections.abc import Iterator

import pytest

from relay.cascade.answer import Answer
from relay.cascade.connection import CascadeConnection
from relay.cascade.mind import CascadeMind
from relay.cascade.session import CascadeSession
from relay.core.session import Session
from tests.cascade.test_serving import Peer, cascade
from tests.fakes.cascade import CascadeTalk, silence, word


@pytest.fixture(autouse=True)
def _without_collector() -> Iterator[None]:
    gc.collect()
    gc.disable()
    yield
    gc.enable()


def alive(*kinds: type) -> int:
    return sum(type(each) in kinds for each in gc.get_objects())


def test_a_session_that_has_ended_is_gone() -> None:
    """All that a session held is let go when it ends, in whatever state it was: waiting, that would pile up."""

    def ended(*pcm: bytes) -> weakref.ref[CascadeMind]:
        talk = CascadeTalk()
        talk.detect(idle_timeout_ms=5000)
        talk.speak(*pcm)
        talk.session.end()
        return weakref.ref(talk.session._mind)

    speaking = word(1), word(2)
    states = [speaking[:1], speaking, (*speaking, silence(150)), (*speaking, silence(700)), (*speaking, silence(4000))]
    assert [ended(*pcm)() for pcm in states] == [None] * len(states)


def test_an_answer_that_is_over_is_gone() -> None:
    """A long session does not keep its answers, neither those that were given nor those that were for nothing."""
    before, talk = alive(Answer), CascadeTalk()
    talk.detect(silence_duration_ms=500)
    for _ in range(5):
        talk.speak(word(1), silence(450), word(2), silence(3000))
    talk.send("response.create")
    talk.send("response.cancel")
    assert [response["status"] for response in talk.responses()] == ["completed"] * 5 + ["cancelled"]
    assert (talk.session.counts.made_ahead, talk.session.counts.voided) == (5, 5)
    assert alive(Answer) - before <= 1


async def test_a_connection_that_has_ended_is_gone() -> None:
    """With a session's connection goes all that it held, on either side of the socket between relay and cascade."""
    kinds = (CascadeSession, CascadeConnection, Session)
    async with cascade() as (relay, _):
        async with relay.peer("?model=any") as connection:
            peer = Peer(connection)
            await peer.speak(word(1), silence(1000))
            await peer.until("response.done")
            assert alive(*kinds) == len(kinds)
        while alive(*kinds):  # noqa: ASYNC110 - nothing tells of it
            await asyncio.sleep(0)
