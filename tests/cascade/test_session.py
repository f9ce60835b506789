"""A cascade's session from end to end: sound and events in, orders out, results in, events out."""

from base64 import b64encode
from pathlib import Path
from typing import Any

import pytest

from relay.cascade.orders import CallDelta, Failed, Fault, Finish, Hear, Heard, HearMore, Judge, Speak, Stage, Think
from tests.fakes.cascade import (
    USAGE,
    CascadeTalk,
    Reply,
    Services,
    cancelled,
    said,
    settings,
    silence,
    sound_of,
    word,
)
from tests.stand_ins.mock.talk import OPENED, SPOKEN_END, SPOKEN_TURN, trace

TRANSCRIPTION = "conversation.item.input_audio_transcription"
TOOL = {"type": "function", "name": "get_weather", "parameters": {"type": "object"}}
PRESSED = {"turn_detection": None}


def failing(stage: Stage) -> Failed:
    return Failed(0, stage, Fault.UNREACHABLE, "nobody there")


def asked(talk: CascadeTalk) -> list[Think]:
    return [order for order in talk.services.orders if isinstance(order, Think)]


def test_a_spoken_turn() -> None:
    """A turn is heard, answered and said, in the order of events that the API has."""
    talk = CascadeTalk()
    talk.speak(word(1), word(2), silence(1000))
    assert trace(talk.events[1:]) == [*SPOKEN_TURN, *OPENED, "…", *SPOKEN_END, "relay.stages"]
    (response,) = talk.responses()
    assert (response["status"], said(response)) == ("completed", "You said: w1 w2. That is all of 2.")
    spoken = [order.text for order in talk.services.orders if isinstance(order, Speak)]
    assert spoken == ["You said: w1 w2.", "That is all of 2."]
    assert sound_of(talk.events) == b"".join(word(len(text), 40 * len(text)) for text in spoken)


def test_the_second_turn_has_the_first() -> None:
    """The model reads the whole conversation, as text."""
    talk = CascadeTalk()
    talk.speak(word(1), silence(3000), word(2), silence(1500))
    assert [message["content"] for message in asked(talk)[-1].messages[1:]] == [
        "w1", "You said: w1. That is all of 2.", "w2",
    ]  # fmt: skip


def test_a_transcript() -> None:
    """Where the session wants transcripts, what was heard is told, with what it cost."""
    talk = CascadeTalk()
    talk.update(audio={"input": {"transcription": {"model": "whisper-1", "language": "de", "keywords": ["Köln"]}}})
    talk.speak(word(7), silence(1000))
    assert talk.first(f"{TRANSCRIPTION}.completed")["transcript"] == "w7"
    (heard,) = [order for order in talk.services.orders if isinstance(order, Hear)]
    assert (heard.language, heard.prompt) == ("de", "Köln")
    assert talk.events[1]["session"]["audio"]["input"]["transcription"]["model"] == "a-model"


def test_a_transcription_session() -> None:
    """A transcription session hears turns and answers none."""
    talk = CascadeTalk(model=None)
    transcription = {"transcription": {"model": "any"}}
    talk.send("session.update", session={"type": "transcription", "audio": {"input": transcription}})
    talk.speak(word(1), silence(800), word(2), silence(800))
    told = [event["transcript"] for event in talk.events if event["type"] == f"{TRANSCRIPTION}.completed"]
    assert told == ["w1", "w2"]
    assert asked(talk) == []
    assert talk.send("response.create")[0]["error"]["code"] == "invalid_event"


def test_push_to_talk() -> None:
    """Without detection the client says when a turn is over and when it is to be answered."""
    talk = CascadeTalk()
    talk.update(audio={"input": PRESSED})
    talk.speak(word(3))
    talk.send("input_audio_buffer.commit")
    talk.send("response.create")
    talk.wait(5)
    assert said(talk.responses()[0]).startswith("You said: w3.")


def test_a_written_conversation() -> None:
    """With text as the output the answer is written as it is thought, and nobody speaks."""
    talk = CascadeTalk()
    talk.update(output_modalities=["text"])
    talk.write("Hello.")
    talk.send("response.create", response={"metadata": {"topic": "greeting"}})
    talk.wait(5)
    (response,) = talk.responses()
    assert (said(response), response["metadata"]) == ("You said: Hello.. That is all of 2.", {"topic": "greeting"})
    deltas = [event["delta"] for event in talk.events if event["type"] == "response.output_text.delta"]
    assert deltas == ["You said: Hello.. ", "That is all of 2."]
    assert not any(isinstance(order, Speak) for order in talk.services.orders)


def test_calls_behind_words() -> None:
    """What is said before calls is said first; then each call is an item, and its result goes to the model."""

    def model(order: Think) -> Reply:
        if order.messages[-1]["role"] == "tool":
            yield f"It is {order.messages[-1]['content']}."
            return
        yield "One moment. "
        for index in range(2):
            yield CallDelta(0, index, "x" * 60, "get_weather", '{"n":')
            yield CallDelta(0, index, "x" * 60, "get_weather", f" {index}}}")

    talk = CascadeTalk(services=Services(model=model))
    talk.update(tools=[TOOL], tool_choice="required")
    talk.speak(word(1), silence(1500))
    message, first, second = talk.responses()[0]["output"]
    assert message["content"][0]["transcript"].strip() == "One moment."
    assert (first["arguments"], second["arguments"]) == ('{"n": 0}', '{"n": 1}')
    assert len(first["call_id"]) <= 32
    for call, result in ((first, "rain"), (second, "sun")):
        item = {"type": "function_call_output", "call_id": call["call_id"], "output": result}
        talk.send("conversation.item.create", item=item)
    talk.send("response.create")
    talk.wait(3)
    assert said(talk.responses()[1]) == "It is sun."
    assert asked(talk)[0].tool_choice == "required"
    assert [message["role"] for message in asked(talk)[1].messages[-4:]] == ["assistant", "assistant", "tool", "tool"]


def test_out_of_band() -> None:
    """A response out of band reads what it is given, runs beside the other, and leaves the conversation alone."""
    talk = CascadeTalk()
    talk.write("Hello.")
    content = [{"type": "input_text", "text": "Sum up."}]
    aside = {"type": "message", "role": "user", "content": content}
    talk.send("response.create")
    own = {"input": [aside], "output_modalities": ["text"], "instructions": "Be terse."}
    talk.send("response.create", response={"conversation": "none", **own})
    talk.wait(3)
    terse = asked(talk)[1]
    assert [message["content"] for message in terse.messages] == ["Be terse.", "Sum up."]
    assert {said(response) for response in talk.responses()} == {
        "You said: Hello.. That is all of 2.", "You said: Sum up.. That is all of 2.",
    }  # fmt: skip
    assert len(list(talk.session.engine.conversation)) == 2


def test_audio_that_a_client_adds() -> None:
    """A message with audio of the client's own is heard before it is answered; a transcript with it is believed."""
    talk = CascadeTalk()
    for part in ({"audio": b64encode(word(4)).decode()}, {"audio": b64encode(word(5)).decode(), "transcript": "Five."}):
        item = {"type": "message", "role": "user", "content": [{"type": "input_audio", **part}]}
        talk.send("conversation.item.create", item=item)
    talk.send("response.create")
    talk.wait(3)
    assert [message["content"] for message in asked(talk)[0].messages[1:]] == ["w4", "Five."]


def test_telephone_audio() -> None:
    """With G.711 no sound is lost between the pieces of an answer, nor between the chunks of a piece."""
    talk = CascadeTalk()
    talk.update(audio={"output": {"format": {"type": "audio/pcmu"}}})
    talk.write("Hello.")
    talk.send("response.create")
    talk.wait(3)
    spoken_ms = sum(40 * len(order.text) for order in talk.services.orders if isinstance(order, Speak))
    assert len(sound_of(talk.events)) == spoken_ms * 8


def test_an_answer_that_was_cut_short_by_its_limit() -> None:
    """A model that stops at max_output_tokens gives an incomplete response, and the limit is passed on."""
    talk = CascadeTalk(services=Services(model=lambda order: ("On and on", Finish.LENGTH)))
    talk.write("Tell me all.")
    talk.send("response.create", response={"max_output_tokens": 50})
    talk.wait(3)
    (response,) = talk.responses()
    assert (response["status"], response["status_details"]["reason"]) == ("incomplete", "max_output_tokens")
    assert asked(talk)[0].most_tokens == 50


@pytest.mark.parametrize(
    ("services", "code"),
    [
        (Services(hears=lambda number, pcm: Failed(number, Stage.HEAR, Fault.TIMEOUT, "slow")), "transcription_failed"),
        (Services(model=lambda order: (failing(Stage.THINK),)), "model_failed"),
        (Services(model=lambda order: ("Well, ", failing(Stage.THINK))), "model_failed"),
        (Services(speaks=lambda order: failing(Stage.SPEAK)), "speech_failed"),
    ],
)
def test_a_stage_that_fails(services: Services, code: str) -> None:
    """A response fails with a code that names the stage, and the session lives: the next turn is answered."""
    talk = CascadeTalk(services=services)
    talk.update(audio={"input": {"transcription": {"model": "any"}}})
    talk.speak(word(1), silence(2000))
    (response,) = talk.responses()
    assert (response["status"], response["status_details"]["error"]["code"]) == ("failed", code)
    if code == "transcription_failed":
        assert talk.first(f"{TRANSCRIPTION}.failed")["error"]["code"] == code
    well = Services()
    services.hears, services.model, services.speaks = well.hears, well.model, well.speaks
    talk.speak(word(2), silence(2000))
    assert said(talk.responses()[-1]).startswith("You said: w2.")


def test_a_voice_that_fails_in_the_middle() -> None:
    """What was said before a voice failed stays said, and the rest of the answer is not asked for."""
    services = Services(
        model=lambda order: [
            f"This is sentence number {number}. " for number in ("one", "two", "three", "four", "five")
        ],
        speaks=lambda order: failing(Stage.SPEAK) if "two" in order.text else word(1, 200),
    )
    talk = CascadeTalk(services=services)
    talk.write("Count.")
    talk.send("response.create")
    talk.wait(5)
    (response,) = talk.responses()
    assert (response["status"], said(response).strip()) == ("failed", "This is sentence number one.")
    assert not any("four" in order.text for order in services.orders if isinstance(order, Speak))


def test_noise_is_not_answered() -> None:
    """A turn shorter than least_ms is nothing: no service is asked, and it is not answered."""
    talk = CascadeTalk(settings(hear={"least_ms": 200}))
    talk.update(audio={"input": {"transcription": {"model": "any"}}})
    talk.speak(word(1, ms=100), silence(1000))
    assert trace(talk.events[2:]) == [*SPOKEN_TURN, f"{TRANSCRIPTION}.completed"]
    assert talk.services.orders == []


@pytest.mark.parametrize("ahead", [True, False])
def test_words_without_letters_are_not_answered(ahead: bool) -> None:
    """What some services hear in silence is no word; the model is not asked, whenever that is found out."""
    services = Services(hears=lambda number, pcm: Heard(number, " ... ♪ ", USAGE))
    talk = CascadeTalk(settings(turn={"ahead": ahead, "ear": "energy"}), services)
    talk.detect(silence_duration_ms=300)
    talk.speak(word(1), silence(2000))
    assert asked(talk) == []
    assert [(one["status"], one["output"]) for one in talk.responses()] == ([] if ahead else [("completed", [])])


def test_idle() -> None:
    """Somebody who says nothing for idle_timeout_ms after an answer was heard is spoken to."""
    talk = CascadeTalk()
    talk.detect(idle_timeout_ms=5000)
    talk.speak(word(1), silence(14_000))
    triggered = talk.when("input_audio_buffer.timeout_triggered")
    heard_for_s = len(sound_of(talk.events[: talk.events.index(talk.first("response.done"))])) / 48_000
    assert triggered == pytest.approx(talk.when("response.output_audio.delta") + heard_for_s + 5, abs=0.1)
    assert asked(talk)[1].messages[-1]["content"] == "(The user says nothing.)"


def test_what_a_cascade_cannot_do() -> None:
    """What would be relied on and not be had is refused with its parameter, and the rest of the update with it."""
    talk = CascadeTalk()
    for session, param in (
        ({"audio": {"input": {"noise_reduction": {"type": "near_field"}}}}, "session.audio.input.noise_reduction"),
        ({"include": ["item.input_audio_transcription.logprobs"]}, "session.include"),
        ({"prompt": {"id": "pmpt_1"}}, "session.prompt"),
        ({"truncation": "disabled"}, "session.truncation"),
        ({"reasoning": {"effort": "low"}}, "session.reasoning"),
        ({"tools": [TOOL, {"type": "mcp", "server_label": "x", "server_url": "x"}]}, "session.tools[1].type"),
        ({"audio": {"input": {"transcription": {"delay": "low"}}}}, "session.audio.input.transcription.delay"),
    ):
        (error,) = talk.update(instructions="Not taken.", **session)
        assert (error["type"], error["error"]["param"]) == ("error", param)
    (updated,) = talk.update(tracing="auto", audio={"input": {"noise_reduction": None}})
    assert updated["session"]["tracing"] is None
    assert updated["session"]["instructions"] != "Not taken."


def test_a_service_that_hears_while_one_speaks() -> None:
    """Such a service is given the turn as it goes on, and told at each pause that it may be over."""
    talk = CascadeTalk(settings(hear={"kind": "session"}))
    talk.speak(word(1), silence(160), word(2), silence(1000))
    begun = [order for order in talk.services.orders if isinstance(order, Hear)]
    assert [order.is_whole for order in begun] == [False, False]
    assert sum(isinstance(order, HearMore) and order.is_last for order in talk.services.orders) == 2
    assert said(talk.responses()[0]).startswith("You said: w1 w2.")
    assert cancelled(talk.services.orders) >= {begun[0].number} or talk.session.dropped


def test_usage_for_each_stage() -> None:
    """The usage of a response is the model's, and says beside it what each stage used, each transcript once."""
    talk = CascadeTalk()
    talk.speak(word(1), silence(3000), word(2), silence(2000))
    for response in talk.responses():
        usage = response["usage"]
        assert usage["total_tokens"] == usage["input_tokens"] + usage["output_tokens"] > 0
        assert set(usage["stages"]) == {"hear", "think", "speak"}
        assert usage["stages"]["speak"]["characters"] == sum(map(len, said(response).split(". "))) + 1


def test_an_ended_session() -> None:
    """When its connection has gone, all that was ordered is cancelled, and nothing is taken any more."""
    talk = CascadeTalk()
    talk.speak(word(1), silence(400))
    open_ = {order.number for order in talk.services.orders} - cancelled(talk.services.orders)
    talk.session.end()
    assert {order.number for order in talk.session.orders()} <= open_
    assert talk.speak(word(2), silence(1000)) == []


def times_of(talk: CascadeTalk) -> dict[str, Any]:
    times: dict[str, Any] = talk.first("relay.stages")["times"]
    return times


@pytest.mark.parametrize(("ahead", "most_ms"), [(True, 480), (False, 590)])
def test_how_long_it_takes(ahead: bool, most_ms: int) -> None:
    """With services of 100, 150 and 80 ms the first sound comes within 480 ms of the last loud frame, 590 not ahead."""
    talk = CascadeTalk(settings(turn={"ahead": ahead, "ear": "energy"}))
    talk.detect(silence_duration_ms=200)
    talk.speak(word(1, ms=400))
    spoken_at = talk.now
    talk.speak(silence(1500))
    assert 1000 * (talk.when("response.output_audio.delta") - spoken_at) <= most_ms
    assert times_of(talk)["total_ms"] <= most_ms


def semantic(tmp_path: Path, services: Services) -> CascadeTalk:
    """A talk whose turns are judged by their sound."""
    file = tmp_path / "smart-turn.onnx"
    file.touch()
    talk = CascadeTalk(settings(turn={"smart_turn": str(file), "hold_ms": 800}), services)
    talk.update(audio={"input": {"turn_detection": {"type": "semantic_vad"}}})
    return talk


@pytest.mark.parametrize(("is_complete", "silence_ms"), [(True, 200), (False, 4000)])
def test_a_turn_is_judged_by_its_sound(tmp_path, is_complete, silence_ms) -> None:
    """With Smart Turn a turn that sounds complete is over soon, and another is waited for, whatever its words."""
    talk = semantic(tmp_path, Services(judges=lambda pcm: is_complete))
    began = talk.now
    talk.speak(word(1), silence(4500))
    over = round(1000 * (talk.when("input_audio_buffer.speech_stopped") - began))
    assert 300 + silence_ms <= over <= 300 + silence_ms + 60
    assert len([order for order in talk.services.orders if isinstance(order, Judge)]) == 1


def test_a_judgement_is_void_where_speech_goes_on(tmp_path) -> None:
    """What is judged complete while speech goes on already says nothing of the turn; its next pause is judged anew."""
    talk = semantic(tmp_path, Services(judges=lambda pcm: len(pcm) > 48 * 700))
    talk.speak(word(1), silence(100), word(2), silence(1500))
    judged = [order.number for order in talk.services.orders if isinstance(order, Judge)]
    assert len(judged) == 2
    assert judged[0] in cancelled(talk.services.orders)
    assert len(talk.responses()) == 1
