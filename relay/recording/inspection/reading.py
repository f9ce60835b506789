"""One pass over a recording, line by line: who said what, how long they waited, what it cost, how it ended."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from relay.core.bill import Bill
from relay.core.events import Body, Event, read_peer_event, read_upstream_event, size_bytes
from relay.core.prices import Prices
from relay.core.tally import Costs
from relay.recording.format import Cut, End, Message, Stopped
from relay.recording.inspection.answers import Answers
from relay.recording.inspection.fields import OnEvent, dict_of, text_of
from relay.recording.inspection.playout import RATE
from relay.recording.inspection.summary import Summary, Traffic, Trouble, Turn
from relay.recording.inspection.utterances import Utterances
from relay.recording.reader import Recording

KEPT_TROUBLES = 1000
"""A session that fails all the time is told by its first failures and their number."""


@dataclass(slots=True)
class Count:
    """Messages, and their bytes."""

    messages: int = 0
    bytes: int = 0


def _tables(*tables: Mapping[str, OnEvent]) -> dict[str, list[OnEvent]]:
    """What is to be called for each type, by all of them."""
    types = {type_ for table in tables for type_ in table}
    return {type_: [table[type_] for table in tables if type_ in table] for type_ in types}


class Reading:
    """What is known of a recording after each message; it takes what it knows of, and passes over all else."""

    def __init__(self, recording: Recording, prices: Prices) -> None:
        self._recording = recording
        self._costs = Costs()
        self._bill = Bill(prices, recording.header.model, self._costs)
        self._model = recording.header.model
        self._turns: list[Turn] = []
        self._utterances = Utterances(self._turns)
        self._answers = Answers(self._turns)
        self._counts = {"up": Count(), "down": Count()}
        self._troubles: list[Trouble] = []
        self._trouble_count = 0
        self._ups = _tables(self._utterances.ups, self._answers.ups)
        own: dict[str, OnEvent] = {
            "session.created": self._learn,
            "session.updated": self._learn,
            "response.done": self._done,
            "conversation.item.input_audio_transcription.completed": self._transcribed,
        }
        self._downs = _tables(self._utterances.downs, self._answers.downs, own)

    def take(self, line: int, message: Message) -> None:
        """Take in one message, which stands at this line."""
        count = self._counts[message.direction]
        count.messages += 1
        count.bytes += size_bytes(message.data)
        is_up = message.direction == "up"
        event = read_peer_event(message.data) if is_up else read_upstream_event(message.data)
        at = max(message.at, 0.0)
        for on_event in (self._ups if is_up else self._downs).get(event.type, ()):
            on_event(event.body, at)
        if not is_up:
            self._look_for_trouble(event, at, line)

    def close(self, end: End | Stopped | Cut, last_at: float) -> Summary:
        """Nothing more comes.

        Args:
            last_at: when the last message passed, for a file that does not say when it ended.
        """
        ended_at = last_at if isinstance(end, Cut) else max(end.at, last_at)
        self._costs.unbilled += self._answers.running
        up, down = self._counts["up"], self._counts["down"]
        return Summary(
            name=self._recording.name,
            header=self._recording.header,
            model=self._model,
            turns=sorted(self._turns, key=lambda turn: turn.at),
            troubles=self._troubles,
            trouble_count=self._trouble_count,
            costs=self._costs,
            up=Traffic(up.messages, up.bytes, self._utterances.appended / RATE),
            down=Traffic(down.messages, down.bytes, self._answers.spoken / RATE),
            end=end,
            ended_at=ended_at,
            duration_s=max(ended_at, self._utterances.silent_at, self._answers.silent_at),
            heard=self._answers.heard,
        )

    def _learn(self, body: Body, at: float) -> None:
        session = body.get("session")
        self._bill.learn(session)
        self._model = text_of(session, "model") or self._model

    def _done(self, body: Body, at: float) -> None:
        response = dict_of(body.get("response"))
        self._answers.done(response, at).usd += self._bill.responded(body)

    def _transcribed(self, body: Body, at: float) -> None:
        self._utterances.transcribed(body, at).usd += self._bill.transcribed(body.get("usage"))

    def _look_for_trouble(self, event: Event, at: float, line: int) -> None:
        found: Any = None
        if event.type in {"error", "conversation.item.input_audio_transcription.failed"}:
            found = dict_of(event.body.get("error"))
        elif event.type == "response.done":
            response = dict_of(event.body.get("response"))
            if response.get("status") == "failed":
                found = dict_of(dict_of(response.get("status_details")).get("error"))
        if found is not None:
            self._trouble_count += 1
            if len(self._troubles) < KEPT_TROUBLES:
                code = text_of(found, "code") or text_of(found, "type") or event.type
                self._troubles.append(Trouble(at, line, code, text_of(found, "message")))


def inspect_recording(recording: Recording, prices: Prices) -> Summary:
    """Read a recording through. It is not held: an hour takes no more memory than its words do.

    Args:
        prices: by model, of what was used.

    Raises:
        RecordingError: a line is damaged, or the file went away.
    """
    reading = Reading(recording, prices)
    at = 0.0
    for line, entry in recording.numbered():
        if not isinstance(entry, Message):
            return reading.close(entry, at)
        at = max(at, entry.at)
        reading.take(line, entry)
    raise AssertionError("a recording's last line is always an end, a stop or a cut")
