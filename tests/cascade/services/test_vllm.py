"""relay.cascade.services.vllm"""

import pytest

from relay.cascade.orders import Cancel, Failed, Fault, Hear, Heard, HeardDelta, HearMore
from tests.fakes.orders import cascade_at, ordering
from tests.fakes.sounds import tone

TURN = tone(600)


@pytest.fixture
def cascade(services):
    return cascade_at(services, hear={"url": services.sessions_url, "kind": "vllm"})


async def test_a_turn_is_asked_for_before_it_is_sent(services, cascade) -> None:
    """vLLM gets the model, then the request, then the turn at 16 kHz, then its end."""
    async with ordering(cascade) as orderer:
        results = await orderer.carry_out(Hear(1, TURN))
    received = services.sessions.received
    assert received[0] == {"type": "session.update", "model": "hear-model"}
    assert received[1] == {"type": "input_audio_buffer.commit", "final": False}
    assert received[-1] == {"type": "input_audio_buffer.commit", "final": True}
    assert abs(len(services.sessions.heard[0]) - 2 * 9600) < 64
    assert "".join(result.text for result in results if isinstance(result, HeardDelta)) == "Hello there."
    heard = results[-1]
    assert isinstance(heard, Heard)
    assert (heard.text, heard.usage.audio_input, heard.usage.text_output) == ("Hello there.", 30, 6)


async def test_each_turn_has_its_own_connection(services, cascade) -> None:
    """A turn that is given up ends with its connection, and the next one has another."""
    async with ordering(cascade) as orderer:
        orderer.give(Hear(1, TURN, is_whole=False))
        orderer.give(HearMore(1, TURN))
        orderer.give(Cancel(1))
        assert isinstance((await orderer.carry_out(Hear(2, TURN)))[-1], Heard)
    assert orderer.of(1) == []


async def test_a_turn_that_cannot_be_heard_has_failed(services, cascade) -> None:
    """An error of vLLM's, which is a text, is told by its code."""
    services.sessions.fails = 2
    async with ordering(cascade) as orderer:
        (failed,) = await orderer.carry_out(Hear(1, TURN))
    assert isinstance(failed, Failed)
    assert (failed.fault, failed.reason.endswith("failed: processing_error")) == (Fault.BROKEN, True)


async def test_a_connection_that_is_lost_is_opened_again(services, cascade) -> None:
    """A connection that is lost before anything was heard is opened again."""
    services.sessions.cuts = 1
    async with ordering(cascade) as orderer:
        assert isinstance((await orderer.carry_out(Hear(1, TURN)))[-1], Heard)
    assert len(services.sessions.paths) == 2
