"""What answers used, and what was used for answers that nobody was given."""

from typing import Any

from relay.cascade.orders import Hear, Heard, RateLimit, Speak, StageUsage, Think
from relay.cascade.usage import Spent, Tokens, response_usage, tokens_spent
from tests.fakes.cascade import CascadeTalk, Services, silence, word, words_in

COUNTED = StageUsage("gpt", text_input=100, text_cached=40, text_output=7, is_counted=True)
ASKED = Think(1, ({"role": "user", "content": "x" * 400},))


def test_tokens_are_the_services_own_where_it_counts() -> None:
    """What a service counted is taken; of another, and of one that was stopped, the length of the texts is."""
    assert tokens_spent(ASKED, 5000, COUNTED) == Tokens(100, 40, 7)
    estimated = tokens_spent(ASKED, 41, None)
    assert (estimated.cached, estimated.written) == (0, 11)
    assert estimated.read > 100
    assert tokens_spent(ASKED, 41, StageUsage("gpt")) == estimated


def test_the_usage_of_a_response() -> None:
    """The model's tokens make the response's usage; seconds, characters and models stand in its stages."""
    heard = [StageUsage("whisper", seconds=1.25), StageUsage("whisper", seconds=0.5)]
    spent = Spent("gpt", Tokens(100, 40, 7), heard, [StageUsage("voice", seconds=2, characters=30)])
    usage = response_usage(spent)
    assert (usage["total_tokens"], usage["input_tokens"], usage["output_tokens"]) == (147, 140, 7)
    assert usage["input_token_details"]["cached_tokens"] == 40
    assert usage["stages"] == {
        "hear": {"model": "whisper", "seconds": 1.75},
        "think": {"model": "gpt", "input_tokens": 140, "cached_tokens": 40, "output_tokens": 7},
        "speak": {"model": "voice", "seconds": 2, "characters": 30},
    }


def test_a_stage_that_was_not_asked_is_not_there() -> None:
    """A response without a word to answer used nothing."""
    usage = response_usage(Spent("gpt"))
    assert (usage["total_tokens"], usage["stages"]) == (0, {})


def test_what_was_for_nothing_stands_in_the_stages() -> None:
    """What others before it used is added to the stages, which are paid for, and not to the response's tokens."""
    nothing = [Spent("gpt", Tokens(10, 0, 3)), Spent(heard=[StageUsage("whisper", seconds=1)])]
    usage = response_usage(Spent("gpt", Tokens(20, 5, 4)), nothing)
    assert usage["total_tokens"] == 29
    assert usage["stages"]["think"] == {"model": "gpt", "input_tokens": 35, "cached_tokens": 5, "output_tokens": 7}
    assert usage["stages"]["hear"]["seconds"] == 1


def test_limits_are_told_behind_the_response() -> None:
    """What the model's service says of its limits comes as `rate_limits.updated`; of nothing, nothing comes."""
    told = {"name": "tokens", "limit": 40000, "remaining": 39876, "reset_seconds": 0.185}
    for limits, expected in (((RateLimit("tokens", 40000, 39876, 0.185),), [[told]]), ((), [])):
        talk = CascadeTalk(services=Services(limits=limits))
        talk.speak(word(1), silence(2000))
        kinds = [event["type"] for event in talk.events]
        assert [event["rate_limits"] for event in talk.events if event["type"] == "rate_limits.updated"] == expected
        assert kinds.index("relay.stages") - kinds.index("response.done") == len(expected) + 1


def stages_of(talk: CascadeTalk) -> list[dict[str, Any]]:
    return [response["usage"]["stages"] for response in talk.responses()]


def test_an_answer_that_was_begun_for_nothing_is_paid_for() -> None:
    """What was heard and thought for a turn that went on is in the usage of its answer, once."""
    seconds = StageUsage("a-model", seconds=1.0)
    talk = CascadeTalk(services=Services(hears=lambda number, pcm: Heard(number, words_in(pcm), seconds)))
    talk.detect(silence_duration_ms=500)
    talk.speak(word(1), silence(450), word(2), silence(3000))
    talk.speak(word(3), silence(3000))
    assert talk.session.counts.voided == 1
    first, second = stages_of(talk)
    asked = [order for order in talk.services.orders if isinstance(order, Think)]
    spoken = [order for order in talk.services.orders if isinstance(order, Speak)]
    assert len([order for order in talk.services.orders if isinstance(order, Hear)]) == 3
    assert (first["hear"]["seconds"], second["hear"]["seconds"]) == (2.0, 1.0)
    read = [tokens_spent(order, 0, None).read for order in asked]
    assert (first["think"]["input_tokens"], second["think"]["input_tokens"]) == (read[0] + read[1], read[2])
    assert sum(stage["speak"]["characters"] for stage in (first, second)) <= sum(len(order.text) for order in spoken)


def test_a_transcript_that_was_void_is_paid_for() -> None:
    """Where nothing was made of a transcript before its turn went on, it is counted all the same."""
    seconds = StageUsage("a-model", seconds=1.0)

    def hears(number: int, pcm: bytes) -> Heard:
        words = words_in(pcm)
        return Heard(number, words if "w2" in words else "", seconds)

    talk = CascadeTalk(services=Services(hears=hears))
    talk.detect(silence_duration_ms=500)
    talk.speak(word(1), silence(450), word(2), silence(3000))
    (stages,) = stages_of(talk)
    assert (talk.session.counts.voided, stages["hear"]["seconds"]) == (0, 2.0)
