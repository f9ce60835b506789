"""Turns that seem to be over and are not: what was begun for nothing is never seen, and nothing is left unanswered."""

from random import Random

import pytest

from relay.cascade.orders import Think
from tests.fakes.cascade import CascadeTalk, Services, cancelled, said, settings, silence, word, words_in

TALKS = 24
TURNS_OF_A_TALK = 14
REOPENINGS_LEAST = 10_000 // TALKS


def test_a_turn_that_goes_on() -> None:
    """What was heard and thought at a pause is void when speech goes on; the whole turn is answered, once."""
    talk = CascadeTalk()
    talk.detect(silence_duration_ms=600)
    talk.speak(word(1), silence(400), word(2), silence(2000))
    (response,) = talk.responses()
    assert said(response).startswith("You said: w1 w2.")
    assert (talk.session.counts.voided, talk.session.counts.made_ahead) == (1, 1)
    assert cancelled(talk.services.orders)


def test_nothing_is_seen_before_the_turn_is_over() -> None:
    """An answer that was made ahead is held: its first event comes with the end of the turn, and its sound at once."""
    talk = CascadeTalk()
    talk.detect(silence_duration_ms=900)
    talk.speak(word(1), silence(880))
    assert [event["type"] for event in talk.events][-1] == "input_audio_buffer.speech_started"
    talk.speak(silence(40))
    assert talk.when("response.output_audio.delta") == talk.when("input_audio_buffer.speech_stopped")


def test_not_ahead() -> None:
    """With ahead off nothing is asked of any service before a turn is over."""
    talk = CascadeTalk(settings(turn={"ahead": False, "ear": "energy"}))
    talk.detect(silence_duration_ms=600)
    talk.speak(word(1), silence(400))
    assert talk.services.orders == []
    talk.speak(silence(1500))
    assert said(talk.responses()[0]).startswith("You said: w1.")
    assert talk.session.counts.made_ahead == 0


def test_what_was_made_ahead_for_another_question() -> None:
    """An answer that was made ahead is dropped where the session, or the conversation, is another by the turn's end."""
    talk = CascadeTalk()
    talk.detect(silence_duration_ms=900)
    talk.speak(word(1), silence(600))
    talk.update(instructions="Answer in verse.")
    talk.speak(silence(1500))
    thought = [order for order in talk.services.orders if isinstance(order, Think)]
    assert [order.messages[0]["content"] == "Answer in verse." for order in thought] == [False, True]
    assert len(talk.responses()) == talk.session.counts.voided == 1


def talk_at_random(chances: Random) -> tuple[CascadeTalk, int]:
    """A conversation with many pauses of all lengths, some too short, some long enough, some just about."""
    kind, ahead = chances.choice(["file", "file", "session"]), chances.random() < 0.9
    given = settings(
        hear={"kind": kind, "least_ms": 0},
        turn={"ear": "energy", "ahead": ahead, "hold_ms": chances.choice([300, 800])},
    )
    hear_s, think_s, speak_s = (chances.uniform(0.01, longest) for longest in (0.3, 0.4, 0.2))
    talk = CascadeTalk(given, Services(hear_s=hear_s, think_s=think_s, speak_s=speak_s))
    talk.update(audio={"input": {"transcription": {"model": "any"}}})
    if chances.random() < 0.3:
        talk.update(audio={"input": {"turn_detection": {"type": "semantic_vad"}}})
    else:
        talk.detect(silence_duration_ms=chances.choice([200, 300, 500, 900]), interrupt_response=chances.random() < 0.7)
    number = 0
    for _ in range(TURNS_OF_A_TALK):
        for _ in range(chances.randrange(20, 60)):
            number += 1
            talk.speak(
                word(number % 2000, chances.choice([20, 60, 100])), silence(chances.choice([20, 60, 100, 140, 180]))
            )
        talk.speak(silence(chances.choice([300, 1000, 3000])))
    talk.speak(silence(4000))
    talk.wait(60)
    return talk, number


@pytest.mark.parametrize("seed", range(TALKS))
def test_ten_thousand_reopenings(seed: int) -> None:
    """However often turns are taken up again, no word of a voided answer is seen, and no turn is left unanswered."""
    talk, number = talk_at_random(Random(seed))
    assert number >= REOPENINGS_LEAST
    turns = [words_in(bytes(item.pcm[0])) for item in talk.session.engine.conversation if item.role == "user"]
    told = [event["transcript"] for event in talk.events if event["type"].endswith("transcription.completed")]
    assert told == turns
    for response in talk.responses():
        answered = said(response).removeprefix("You said: ").partition(". ")[0]
        if response["status"] == "completed":
            assert answered in turns
        else:
            assert any(f"You said: {turn}. ".startswith(said(response)[:200]) for turn in turns)
    (last,) = [one for one in talk.responses()[-1:] if one["status"] == "completed"]
    assert said(last).startswith(f"You said: {turns[-1]}. ")
    created = sum(event["type"] == "response.created" for event in talk.events)
    assert created == len(talk.responses())
