"""Interruptions and cancelling in every state of an answer, and what both ends know of it afterwards."""

from typing import Any

import pytest

from relay.cascade.orders import Think
from tests.fakes.cascade import CascadeTalk, Services, said, settings, silence, word

STATES_MS = [*range(0, 700, 40), *range(700, 4000, 300)]
"""From before the turn was heard, over thinking, the first sound and the middle, to when all was heard."""

LONG = [f"This is sentence number {number} of the answer. " for number in range(4)]


def model(order: Think) -> list[str]:
    return LONG


class Client:
    """What a client makes of the events: its conversation, and the sound that it has played."""

    def __init__(self) -> None:
        self.items: list[str] = []
        self.status: dict[str, str] = {}
        self.sound_ms: dict[str, int] = {}
        self.began: dict[str, float] = {}

    def see(self, event: dict[str, Any], at: float) -> None:
        match event["type"]:
            case "conversation.item.added":
                before = event["previous_item_id"]
                place = self.items.index(before) + 1 if before else 0
                self.items.insert(place, event["item"]["id"])
            case "conversation.item.done":
                self.status[event["item"]["id"]] = event["item"]["status"]
            case "response.output_audio.delta":
                item_id = event["item_id"]
                self.began.setdefault(item_id, at)
                self.sound_ms[item_id] = self.sound_ms.get(item_id, 0) + len(event["delta"]) // 4 * 3 // 48

    def heard_ms(self, item_id: str, now: float) -> int:
        return min(self.sound_ms[item_id], round(1000 * (now - self.began[item_id])))


def interrupted(after_ms: int, **detection: Any) -> tuple[CascadeTalk, Client]:
    """A turn, and another one that begins so long after it; the client truncates what it has not played."""
    talk, client = CascadeTalk(settings(), Services(hear_s=0.2, model=model)), Client()
    talk.detect(silence_duration_ms=200, **detection)
    talk.speak(word(1), silence(220))
    talk.speak(silence(after_ms))
    count = len(talk.events)
    talk.speak(word(2, 400))
    for event, at in zip(talk.events, talk.at, strict=True):
        client.see(event, at)
    started = [at for event, at in zip(talk.events[count:], talk.at[count:], strict=True) if "started" in event["type"]]
    for item_id in client.sound_ms:
        heard_ms = client.heard_ms(item_id, started[0] if started else talk.now)
        if heard_ms < client.sound_ms[item_id]:
            talk.send("conversation.item.truncate", item_id=item_id, content_index=0, audio_end_ms=heard_ms)
    seen = len(talk.events)
    talk.speak(silence(6000))
    for event, at in zip(talk.events[seen:], talk.at[seen:], strict=True):
        client.see(event, at)
    return talk, client


@pytest.mark.parametrize("after_ms", STATES_MS)
def test_interrupted_in_every_state(after_ms: int) -> None:
    """Whenever somebody begins to speak, the answer ends, the next turn is answered, and both ends know the same."""
    talk, client = interrupted(after_ms)
    assert [response["status"] for response in talk.responses()][-1] == "completed"
    items = list(talk.session.engine.conversation)
    assert [item.id for item in items] == client.items
    assert {item.id: item.fields["status"] for item in items} == client.status
    last = [order for order in talk.services.orders if isinstance(order, Think)][-1]
    spoken = [message["content"] for message in last.messages if message["role"] == "user"]
    assert spoken == ["w1", "w2"]
    answers = [message["content"] for message in last.messages if message["role"] == "assistant"]
    whole = "".join(LONG)
    for heard, item_id in zip(answers, client.sound_ms, strict=False):
        share = client.heard_ms(item_id, talk.when_last("input_audio_buffer.speech_started")) / client.sound_ms[item_id]
        assert whole.startswith(heard)
        assert len(heard) <= len(whole) * share + len(LONG[0])


@pytest.mark.parametrize("after_ms", STATES_MS[:20])
def test_cancelled_in_every_state(after_ms: int) -> None:
    """A client's cancel ends an answer in any state, and the next one is free; too late it is an error."""
    talk = CascadeTalk(settings(), Services(hear_s=0.2, model=model))
    talk.detect(silence_duration_ms=200)
    talk.speak(word(1), silence(220 + after_ms))
    came = talk.send("response.cancel")
    statuses = [event["response"]["status"] for event in came if event["type"] == "response.done"]
    assert statuses == ["cancelled"] or came[-1]["error"]["code"] == "response_cancel_not_active"
    talk.wait(5)
    count = len(talk.responses())
    talk.send("response.create")
    talk.wait(5)
    (again,) = talk.responses()[count:]
    assert again["status"] == "completed"


def test_an_answer_that_is_not_to_be_interrupted() -> None:
    """With interrupt_response off an answer is said to its end, and what was said meanwhile is answered behind it."""
    talk, _ = interrupted(300, interrupt_response=False)
    assert [response["status"] for response in talk.responses()] == ["completed", "completed"]
    last = [order for order in talk.services.orders if isinstance(order, Think)][-1]
    assert [message["role"] for message in last.messages] == ["system", "user", "assistant", "user"]


def test_a_word_of_assent() -> None:
    """While an answer is heard, less than 300 ms of speech do not cut it short."""
    talk = CascadeTalk(services=Services(model=model))
    talk.speak(word(1), silence(1000), word(2, 200), silence(2000))
    (response,) = talk.responses()
    assert (response["status"], said(response).strip()) == ("completed", "".join(LONG).strip())
