"""Money for what the user says, before it is known what it costs: a transcript, and the answer that follows by itself.

After a turn that voice detection ends the upstream answers unasked. What that is likely to cost is set aside when the
turn begins. Where nothing pays for it, the turn is taken out of the upstream's buffer, so that nothing is answered.
What a transcript is likely to cost is set aside from the end of its turn on; it cannot be refused any more.
"""

from collections.abc import Mapping
from functools import partial
from typing import Any, NamedTuple

from relay.core.answers import Answer, Answers
from relay.core.bill import Bill
from relay.core.budget import Account
from relay.core.causes import Cause
from relay.core.events import Event
from relay.core.session import Session
from relay.core.usage import ZERO, read_number

SPEECH_STARTED = "input_audio_buffer.speech_started"
SPEECH_STOPPED = "input_audio_buffer.speech_stopped"
COMMITTED = "input_audio_buffer.committed"
TRANSCRIBED = "conversation.item.input_audio_transcription.completed"
NOT_TRANSCRIBED = "conversation.item.input_audio_transcription.failed"
HEARD = frozenset({SPEECH_STARTED, SPEECH_STOPPED, COMMITTED, NOT_TRANSCRIBED})

TRANSCRIBED_WITHIN_S = 60.0
"""After so long a transcript is not waited for."""

MOST_TRANSCRIPTS = 1000
"""Under way at once; the oldest is not waited for beyond them."""

NO_MONEY = "What is left does not pay for an answer to this now."


class _Transcript(NamedTuple):
    """One that is under way: under which name money is set aside for it, and since when."""

    name: str
    since: float


class Heard:
    """Sets money aside in a session's account for what is heard.

    Args:
        bill: what it is likely to cost.
        account: which pays.
        answers: those of the session, to which the one after a turn is added.
    """

    def __init__(self, bill: Bill, account: Account, answers: Answers) -> None:
        self._bill = bill
        self._account = account
        self._answers = answers
        self._answers_turns = False
        self._turn: Answer | None = None
        self._has_told = False
        self._speech_began_ms: Any = None
        self._speech_ms: Any = None
        self._transcripts: dict[Any, _Transcript] = {}

    def learn(self, session: Any) -> None:
        """Note whether the upstream answers turns by itself: the API does, where it detects them."""
        if not isinstance(session, Mapping):
            return
        audio = session.get("audio")
        within = audio.get("input") if isinstance(audio, Mapping) else None
        place = next((one for one in (within, session) if isinstance(one, Mapping) and "turn_detection" in one), None)
        if place is not None:
            detection = place["turn_detection"]
            by_itself = isinstance(detection, Mapping) and detection.get("create_response") is not False
            self._answers_turns = by_itself and detection.get("type") is not None

    def on_down(self, event: Event, session: Session, now: float, unread_chars: int) -> None:
        """Follow a turn, one of `HEARD`."""
        if event.type == SPEECH_STARTED:
            self._speech_began_ms = event.body.get("audio_start_ms")
            self._speech_ms = None
            others = (answer for answer in self._answers.all() if answer is not self._turn or answer.has_begun)
            if self._answers_turns and not any(others):
                self._expect(session, now, unread_chars)
        elif event.type == SPEECH_STOPPED:
            began, ended = read_number(self._speech_began_ms), read_number(event.body.get("audio_end_ms"))
            self._speech_ms = None if began is None or ended is None else ended - began
        elif event.type == COMMITTED:
            self._transcribe(event.body.get("item_id"), now)
        else:
            self._account.pay(ZERO, self.transcribed(event))

    def give_up_turn(self) -> None:
        """Set nothing aside for the answer to a turn any more: another one is asked for, or it began in another way."""
        turn, self._turn = self._turn, None
        if turn is not None and not turn.has_begun and self._answers.drop(turn):
            self._account.pay(ZERO, turn.name)

    def transcribed(self, event: Event) -> str | None:
        """The name under which money was set aside for this transcript, which is done."""
        item_id = event.body.get("item_id")
        kept = self._transcripts.pop(item_id, None) if isinstance(item_id, str) else None
        return None if kept is None else kept.name

    def tick(self, now: float) -> None:
        """Wait no longer for transcripts that do not come."""
        late = [item for item, kept in self._transcripts.items() if now - kept.since > TRANSCRIBED_WITHIN_S]
        for item_id in late:
            self._account.pay(ZERO, self._transcripts.pop(item_id).name)

    def close(self) -> None:
        """Wait for nothing any more."""
        self._turn = None
        while self._transcripts:
            self._account.pay(ZERO, self._transcripts.popitem()[1].name)

    def _expect(self, session: Session, now: float, unread_chars: int) -> None:
        """Set money aside for the answer to the turn that begins."""
        self.give_up_turn()
        turn = self._turn = Answer(self._bill.likely_usd(None, unread_chars), now, event_id=self)
        self._answers.add(turn)
        turn.name = self._account.reserve(turn.usd, partial(self._told, turn, session, now))
        turn.is_held = turn.may is None

    def _told(self, turn: Answer, session: Session, now: float, may: bool) -> None:
        was_held, turn.is_held, turn.may = turn.is_held, False, may
        if turn not in self._answers.all():
            self._account.pay(ZERO, turn.name)
        elif may:
            self._has_told = False
        else:
            self._answers.drop(turn)
            if was_held:
                self._unhear(session, now)
            else:
                session.afterwards(partial(self._unhear, session))

    def _unhear(self, session: Session, now: float) -> None:
        """Have the upstream forget what is said; its user is told once."""
        session.send_up({"type": "input_audio_buffer.clear", "event_id": session.own_event_id()}, now)
        if not self._has_told:
            self._has_told = True
            session.refuse_event(Event("", SPEECH_STARTED, {}), Cause.BUDGET_SPENT.value, NO_MONEY, now)

    def _transcribe(self, item_id: Any, now: float) -> None:
        usd = self._bill.likely_transcript_usd(self._speech_ms)
        self._speech_ms = None
        if not usd or not isinstance(item_id, str) or item_id in self._transcripts:
            return
        if len(self._transcripts) >= MOST_TRANSCRIPTS:
            self._account.pay(ZERO, self._transcripts.pop(next(iter(self._transcripts))).name)
        self._transcripts[item_id] = _Transcript(self._account.keep(usd), now)
