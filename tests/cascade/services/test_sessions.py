"""relay.cascade.services.sessions"""

import asyncio

import pytest

from relay.cascade.orders import Cancel, Failed, Fault, Hear, Heard, HeardDelta, HearMore
from tests.fakes.orders import cascade_at, ordering
from tests.fakes.sounds import tone

TURN = tone(400)


@pytest.fixture
def cascade(services):
    return cascade_at(services, hear={"url": services.sessions_url, "kind": "session"})


def words(results) -> list[str]:
    return [result.text for result in results if isinstance(result, HeardDelta)]


async def test_words_come_while_one_speaks(services, cascade) -> None:
    """A transcription session hears while one speaks, and is told when the turn is over."""
    async with ordering(cascade) as orderer:
        orderer.give(Hear(1, TURN, language="en", prompt="Zoé", is_whole=False))
        assert words(await orderer.until(1)) == ["Hello "]
        orderer.give(HearMore(1, TURN, is_last=True))
        results = await orderer.until_over(1)
    assert words(results) == ["Hello ", "there."]
    assert isinstance(results[-1], Heard)
    assert (results[-1].text, results[-1].usage.seconds) == ("Hello there.", 1.5)
    assert services.sessions.heard == [TURN + TURN]
    assert services.sessions.paths == ["/v1/realtime?intent=transcription&model=hear-model"]
    update = services.sessions.received[0]["session"]
    assert update == {
        "type": "transcription",
        "audio": {
            "input": {
                "format": {"type": "audio/pcm", "rate": 24_000},
                "turn_detection": None,
                "transcription": {"model": "hear-model", "language": "en", "prompt": "Zoé"},
            }
        },
    }


async def test_one_session_hears_all_turns(services, cascade) -> None:
    """All turns of a conversation go to one session, which is told of a change alone."""
    async with ordering(cascade) as orderer:
        for number, language in ((1, "en"), (2, "en"), (3, "fr")):
            await orderer.carry_out(Hear(number, TURN, language=language))
    assert len(services.sessions.paths) == 1
    kinds = [event["type"] for event in services.sessions.received]
    assert kinds.count("session.update") == 2
    assert kinds.count("input_audio_buffer.commit") == 3


async def test_turns_that_overlap_are_told_apart(services, cascade) -> None:
    """A turn that is committed while the last one is still being found out has its own words."""
    services.script.hear_s = 0.02
    services.script.hears = lambda pcm: f"{len(pcm)} bytes"
    async with ordering(cascade) as orderer:
        orderer.give(Hear(1, TURN))
        orderer.give(Hear(2, TURN + TURN))
        texts = [(await orderer.until_over(number))[-1] for number in (1, 2)]
    assert [heard.text for heard in texts if isinstance(heard, Heard)] == ["19200 bytes", "38400 bytes"]


async def test_a_turn_that_is_given_up_is_cleared(services, cascade) -> None:
    """What was sent of a turn that is not wanted any more is cleared before the next one's."""
    async with ordering(cascade) as orderer:
        orderer.give(Hear(1, TURN, is_whole=False))
        await orderer.until(1)
        orderer.give(Cancel(1))
        results = await orderer.carry_out(Hear(2, tone(600)))
        assert words(orderer.of(1)) == ["Hello "]
    assert isinstance(results[-1], Heard)
    assert services.sessions.heard == [tone(600)]
    assert "input_audio_buffer.clear" in [event["type"] for event in services.sessions.received]


async def test_a_long_turn_goes_in_pieces(services, cascade) -> None:
    """A turn that is given whole is sent in pieces of a second."""
    async with ordering(cascade) as orderer:
        await orderer.carry_out(Hear(1, tone(2500)))
    kinds = [event["type"] for event in services.sessions.received]
    assert kinds.count("input_audio_buffer.append") == 3


async def test_a_session_that_is_lost_is_opened_again(services, cascade) -> None:
    """A session that is lost before anything was heard is opened again, and gets all of the turn once more."""
    services.script.hears = lambda _: "Hello."
    services.sessions.cuts = 1
    async with ordering(cascade) as orderer:
        (heard,) = [result for result in await orderer.carry_out(Hear(1, TURN)) if isinstance(result, Heard)]
    assert heard.text == "Hello."
    assert len(services.sessions.paths) == 2
    assert services.sessions.heard == [TURN]


async def test_a_session_that_is_lost_twice_has_failed(services, cascade) -> None:
    """A session that is lost again has failed, and the next turn has a new one."""
    services.script.hears = lambda _: "Hello."
    services.sessions.cuts = 2
    async with ordering(cascade) as orderer:
        (failed,) = await orderer.carry_out(Hear(1, TURN))
        heard = (await orderer.carry_out(Hear(2, TURN)))[-1]
    assert isinstance(failed, Failed)
    assert failed.fault is Fault.CUT_OFF
    assert isinstance(heard, Heard)


async def test_a_turn_that_cannot_be_heard_has_failed(services, cascade) -> None:
    """Where the service says that it could not hear, the failure has its code and none of its words."""
    services.script.hears = lambda _: "Hello."
    services.sessions.fails = 2
    async with ordering(cascade) as orderer:
        (failed,) = await orderer.carry_out(Hear(1, TURN))
    assert isinstance(failed, Failed)
    assert failed.reason.endswith("could not hear: audio_unintelligible")


async def test_a_session_that_cannot_be_opened_has_failed(services) -> None:
    """Where there is no such session the failure has the answer's status."""
    cascade = cascade_at(services, hear={"kind": "session"})
    async with ordering(cascade) as orderer:
        (failed,) = await orderer.carry_out(Hear(1, TURN))
    assert isinstance(failed, Failed)
    assert (failed.fault, failed.status) == (Fault.REFUSED, 404)


async def test_a_session_ends_with_its_conversation(services, cascade) -> None:
    """A session that ends while it hears leaves nothing behind."""
    services.sessions.hangs = 1
    async with ordering(cascade) as orderer:
        orderer.give(Hear(1, TURN))
        await orderer.until(1)
    assert len(asyncio.all_tasks()) < 8
