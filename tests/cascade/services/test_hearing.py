"""relay.cascade.services.hearing"""

import pytest

from relay.cascade.orders import Failed, Fault, Hear, Heard, HeardDelta, HearMore, Stage
from tests.fakes.orders import cascade_at, ordering
from tests.fakes.sounds import silence, tone

TURN = tone(500)


async def test_a_turn_is_posted_as_wav(services) -> None:
    """A turn goes to the service as a WAV file with the model's name, the language and the prompt."""
    async with ordering(cascade_at(services)) as orderer:
        results = await orderer.carry_out(Hear(1, TURN, language="fr", prompt="Zoé"))
    assert results == [Heard(1, "Hello there.", results[0].usage)]  # type: ignore[union-attr]
    asked = services.asked[0].fields
    assert asked["file"][:4] == b"RIFF"
    assert asked["file"].endswith(TURN)
    assert (asked["model"], asked["language"], asked["prompt"]) == ("hear-model", "fr", "Zoé")
    assert "stream" not in asked


async def test_the_usage_is_what_the_service_says(services) -> None:
    """What a transcript costs is counted as the service says it, by duration or by tokens."""
    async with ordering(cascade_at(services)) as orderer:
        (heard,) = await orderer.carry_out(Hear(1, TURN))
    assert isinstance(heard, Heard)
    assert (heard.usage.model, heard.usage.seconds, heard.usage.is_counted) == ("hear-model", 1.5, False)


async def test_words_come_as_they_are_found(services) -> None:
    """Where it is asked to, a service streams its words, and what it says last counts."""
    async with ordering(cascade_at(services, hear={"stream": True})) as orderer:
        results = await orderer.carry_out(Hear(1, TURN))
    assert [result.text for result in results if isinstance(result, HeardDelta)] == ["Hello ", "there."]
    assert isinstance(results[-1], Heard)
    assert services.asked[0].fields["stream"] == "true"


async def test_a_service_that_does_not_stream_is_understood_as_well(services) -> None:
    """A service that was asked to stream and does not is read all the same."""
    services.script.streams_words = False
    async with ordering(cascade_at(services, hear={"stream": True})) as orderer:
        results = await orderer.carry_out(Hear(1, TURN))
    assert [type(result) for result in results] == [Heard]


async def test_plain_text_is_a_transcript(services) -> None:
    """A service that answers in plain text is understood."""
    services.fault("hear", body=b" Good morning. \n", content_type="text/plain; charset=utf-8")
    async with ordering(cascade_at(services)) as orderer:
        (heard,) = await orderer.carry_out(Hear(1, TURN))
    assert isinstance(heard, Heard)
    assert heard.text == "Good morning."


async def test_a_turn_in_pieces_is_posted_when_it_is_over(services) -> None:
    """A service that takes whole turns gets one that comes in pieces when it is over."""
    async with ordering(cascade_at(services)) as orderer:
        orderer.give(Hear(1, TURN, is_whole=False))
        orderer.give(HearMore(1, TURN))
        orderer.give(HearMore(1, b"", is_last=True))
        await orderer.until_over(1)
    assert services.asked[0].fields["file"].endswith(TURN + TURN)
    assert len(services.asked) == 1


@pytest.mark.parametrize("pcm", [tone(190), silence(2000), b""])
async def test_what_is_too_short_or_silent_is_not_asked_about(services, pcm) -> None:
    """A clip under `least_ms` and one in which nothing can be heard are empty, and no service is asked."""
    async with ordering(cascade_at(services)) as orderer:
        (heard,) = await orderer.carry_out(Hear(1, pcm))
    assert isinstance(heard, Heard)
    assert heard.text == ""
    assert services.asked == []


@pytest.mark.parametrize(("said", "heard"), [("…", ""), (" . ", ""), ("♪♪", ""), ("42.", "42."), ("はい", "はい")])
async def test_words_without_letters_are_dropped(services, said, heard) -> None:
    """What has neither a letter nor a digit in it was not said."""
    services.script.hears = lambda _: said
    async with ordering(cascade_at(services)) as orderer:
        (result,) = await orderer.carry_out(Hear(1, TURN))
    assert isinstance(result, Heard)
    assert result.text == heard


@pytest.mark.parametrize(
    ("fault", "reason"),
    [
        ({"body": b"<html>Welcome</html>"}, "answered with text/html where a transcript was asked for"),
        ({"body": b'{"words": []}', "content_type": "application/json"}, "answered with JSON without a `text`"),
        ({"body": b'{"text": ', "content_type": "application/json"}, "with application/json that is no JSON object"),
        ({"body": b"data: nonsense\n\n", "content_type": "text/event-stream"}, "with an event that is no JSON object"),
        ({"body": b"x" * 1_100_000, "content_type": "text/plain"}, "answered with more than 1048576 bytes"),
    ],
)
async def test_what_is_no_transcript_is_unreadable(services, fault, reason) -> None:
    """HTML, garbage and endless answers are told as what they are, and are not asked for twice."""
    services.fault("hear", **fault)
    async with ordering(cascade_at(services)) as orderer:
        (failed,) = await orderer.carry_out(Hear(1, TURN))
    assert isinstance(failed, Failed)
    assert (failed.stage, failed.fault, failed.code) == (Stage.HEAR, Fault.UNREADABLE, "transcription_failed")
    assert reason in failed.reason
    assert len(services.asked) == 1


async def test_a_stream_that_ends_without_its_end_is_cut_off(services) -> None:
    """A stream of words that ends before the whole transcript is not taken for one."""
    body = b'data: {"type": "transcript.text.delta", "delta": "Hel"}\n\n'
    services.fault("hear", body=body, content_type="text/event-stream")
    async with ordering(cascade_at(services)) as orderer:
        results = await orderer.carry_out(Hear(1, TURN))
    assert isinstance(results[-1], Failed)
    assert (results[-1].fault, results[-1].had_begun) == (Fault.CUT_OFF, True)
