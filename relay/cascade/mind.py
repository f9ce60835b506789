"""The mind that hears, thinks and speaks through services: it gives orders, takes results, and never waits.

What it begins before a turn is over, it begins for nothing if the turn goes on: then its orders are void, and the order
book drops what still comes of them. Nothing of an answer that was made ahead is seen by the engine before the engine
asks for one, which is when the turn is over.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Any, Protocol

from relay.cascade.abilities import allowed
from relay.cascade.answer import Answer, Plan
from relay.cascade.chunks import Chunks
from relay.cascade.completeness import Completeness, completeness_of_sound, completeness_of_words
from relay.cascade.context import messages_of
from relay.cascade.hearing import Hearing, Hints
from relay.cascade.order_book import OrderBook
from relay.cascade.orders import Judge, Judged, Result, Think
from relay.cascade.stopwatch import Clock, Stopwatch
from relay.cascade.turn_work import Counts, TurnWork
from relay.cascade.turns import PAUSE_MS
from relay.cascade.usage import Spent
from relay.config.cascade import Cascade
from relay.engine.audio import is_audible, milliseconds
from relay.engine.events import Event
from relay.engine.items import Item
from relay.engine.mind import Request, TranscriptStep

HEARS_WHILE_SPOKEN = frozenset({"session", "vllm"})
"""The kinds of services that are given a turn while it goes on."""


class Host(Protocol):
    """The session of a mind."""

    def draft(self) -> Request | None:
        """The request of the answer that a turn would get if it were over now; None where it would get none."""

    def hints(self) -> Hints:
        """What helps to hear, by the session's settings."""

    def judge(self, completeness: Completeness) -> None:
        """Whether the turn that has paused sounds complete."""


class CascadeMind:
    """One session's mind.

    Args:
        settings: the services' and the turns'.
        book: where orders are given.
        clock: holds the time that was passed in last.

    Attributes:
        counts: what was done ahead.
        host: the session that it is the mind of.
    """

    def __init__(self, settings: Cascade, book: OrderBook, clock: Clock) -> None:
        self.counts = Counts()
        self.host: Host
        self._settings = settings
        self._book = book
        self._clock = clock
        self._turn = TurnWork()
        self._taken = "", TurnWork()
        self._hearings: dict[tuple[str, int], Hearing] = {}
        self._answers: list[Answer] = []
        self._sounds_until = 0.0
        self._untold = 0
        self._for_nothing: list[Spent] = []
        self._streams = settings.hear.addresses[0].kind in HEARS_WHILE_SPOKEN

    def take(self, result: Result) -> bool:
        """Take the result of an order; returns whether anybody wanted it."""
        if not self._book.take(result):
            return False
        self._answers = [answer for answer in self._answers if not answer.is_over]
        for answer in self._answers:
            answer.advance()
        return True

    def end(self) -> None:
        """Want nothing any more."""
        self._book.void_all()
        for answer in self._answers:
            answer.stop()
        self._answers.clear()
        self._hearings.clear()
        self._turn, self._taken = TurnWork(), ("", TurnWork())

    # What the engine asks; `relay.engine.mind.Mind` says how.

    def check(self, event: Event) -> Event:
        """See `relay.engine.mind.Mind`."""
        taken = allowed(event, self._settings)
        if event["type"] == "conversation.item.truncate":
            self._sounds_until = 0.0
        return taken

    def take_turn(self, item: Item) -> bool:
        """See `relay.engine.mind.Mind`."""
        turn, pcm = self._turn, bytes(item.pcm[0])
        if not self._is_worth_hearing(turn, pcm):
            self._void_turn()
            self._hearings[item.id, 0] = Hearing.of_nothing(self._book)
            return False
        hearing, turn.hearing = turn.hearing or self._hear(pcm), None
        if turn.pcm is not None and not turn.is_paused:
            hearing.add(b"", is_last=True)
        self._hearings[item.id, 0] = hearing
        self._taken, self._turn = (item.id, turn), TurnWork()
        return hearing.text != ""

    def transcribe(self, item: Item, settings: Mapping[str, Any]) -> Iterator[TranscriptStep]:
        """See `relay.engine.mind.Mind`."""
        return self._hearings[item.id, 0].told()

    def respond(self, request: Request) -> Answer:
        """See `relay.engine.mind.Mind`."""
        turn = self._take_back(request)
        hearings = self._hearings_of(request)
        answer = self._made_ahead(turn, request, hearings) or self._answer(request, hearings, turn)
        answer.watch.sure_at = self._clock.now
        answer.watch.voided, self._untold = self.counts.voided - self._untold, self.counts.voided
        answer.for_nothing, self._for_nothing = self._for_nothing, []
        return answer

    def _take_back(self, request: Request) -> TurnWork:
        """The turn that is answered, if it is one that was taken just now; what was made for another is void."""
        item_id, turn = self._taken
        if request.conversation is None or not request.context or request.context[-1].id != item_id:
            return TurnWork()
        self._taken = "", TurnWork()
        return turn

    # What the listener tells; `relay.cascade.turns.TurnWatcher` says when.

    def is_sounding(self) -> bool:
        """See `relay.cascade.turns.TurnWatcher`."""
        return self._clock.now < self._sounds_until

    def turn_began(self, pcm: bytes) -> None:
        """See `relay.cascade.turns.TurnWatcher`."""
        self._void_turn()
        self._turn = TurnWork(pcm=bytearray(pcm) if self._streams else None)
        self._stream()

    def turn_went_on(self, pcm: bytes) -> None:
        """See `relay.cascade.turns.TurnWatcher`."""
        turn = self._turn
        if turn.pcm is not None:
            turn.pcm += pcm
            if turn.hearing is not None and not turn.is_paused:
                turn.hearing.add(pcm)

    def turn_paused(self, pcm: bytes, spoken_ms: int, *, judges: bool) -> None:
        """See `relay.cascade.turns.TurnWatcher`."""
        turn = self._turn
        turn.spoke_at = self._clock.now - PAUSE_MS / 1000
        if judges and self._settings.smart_turn is not None:
            turn.judging = self._book.give(lambda number: Judge(number, pcm), self._judged)
        if spoken_ms < self._settings.least_ms or not (self._settings.ahead or judges):
            return
        turn.is_paused = True
        turn.asked_at = self._clock.now
        if turn.hearing is None:
            turn.hearing = self._hear(pcm)
        else:
            turn.hearing.add(b"", is_last=True)

    def turn_resumed(self) -> None:
        """See `relay.cascade.turns.TurnWatcher`."""
        self._book.void(self._turn.judging)
        if self._turn.is_paused:
            self._turn.is_paused = False
            self._void_turn()
            self._stream()

    def turn_ended(self, spoken_ms: int) -> None:
        """See `relay.cascade.turns.TurnWatcher`."""
        self._turn.spoken_ms = spoken_ms

    def turn_forgotten(self) -> None:
        """See `relay.cascade.turns.TurnWatcher`."""
        self._void_turn()
        self._turn = TurnWork()

    # Hearing.

    def _is_worth_hearing(self, turn: TurnWork, pcm: bytes) -> bool:
        if turn.spoken_ms is not None:
            return turn.spoken_ms >= self._settings.least_ms
        return milliseconds(pcm) >= self._settings.least_ms and is_audible(pcm)

    def _hear(self, pcm: bytes, *, is_whole: bool = True) -> Hearing:
        hearing = Hearing(self._book, self._heard)
        hearing.begin(pcm, self.host.hints(), is_whole=is_whole)
        return hearing

    def _stream(self) -> None:
        """Give the turn to who hears it while it goes on."""
        if self._turn.pcm is not None:
            self._turn.hearing = self._hear(bytes(self._turn.pcm), is_whole=False)

    def _heard(self, hearing: Hearing) -> None:
        """A transcript is there. Where it is that of the turn that has paused, an answer may be made ahead."""
        turn = self._turn
        if hearing is not turn.hearing or turn.spoken_ms is not None or not turn.is_paused or not hearing.text:
            return
        if self._settings.smart_turn is None:  # else it is judged by its sound
            self.host.judge(completeness_of_words(hearing.text))
        if self._settings.ahead and (request := self.host.draft()) is not None:
            item = Item.make("message", role="user", content=[{"type": "input_audio", "transcript": None}])
            self._hearings[item.id, 0] = hearing
            whole = replace(request, context=[*request.context, item])
            turn.answer = self._answer(whole, self._hearings_of(whole), turn)
            turn.answer.watch.is_ahead = True

    def _judged(self, result: Result) -> None:
        """What the turn that has paused sounds like; the order is void if it has gone on."""
        if isinstance(result, Judged) and result.likelihood is not None:
            self.host.judge(completeness_of_sound(result.likelihood))

    def _hearings_of(self, request: Request) -> list[Hearing]:
        """Those of all that was spoken in a request; what nobody has heard yet is heard now."""
        spoken = [
            (item, index)
            for item in request.context
            for index, part in enumerate(item.content)
            if part["type"] == "input_audio"
        ]
        hearings = {(item.id, index): self._hearing_of(item, index) for item, index in spoken}
        self._hearings = {**({} if self._is_whole(request) else self._hearings), **hearings}
        return list(hearings.values())

    def _hearing_of(self, item: Item, index: int) -> Hearing:
        if (known := self._hearings.get((item.id, index))) is not None:
            return known
        pcm = bytes(item.pcm.get(index, b""))
        if (given := item.content[index].get("transcript")) or not self._is_worth_hearing(TurnWork(), pcm):
            return Hearing.of_nothing(self._book, given or "")
        return self._hear(pcm)

    def _is_whole(self, request: Request) -> bool:
        """Whether a request reads all of the conversation, so that what it does not read has been forgotten."""
        return request.conversation is not None and "input" not in request.params

    # Answering.

    def _made_ahead(self, turn: TurnWork, request: Request, hearings: Sequence[Hearing]) -> Answer | None:
        """The answer that was made before the turn was over, if it answers just what is asked now."""
        if turn.answer is None:
            return None
        if all(hearing.is_over for hearing in hearings) and turn.answer.plan == self._plan(request):
            self.counts.made_ahead += 1
            return turn.answer
        self._void(turn.answer)
        return None

    def _answer(self, request: Request, hearings: Sequence[Hearing], turn: TurnWork) -> Answer:
        watch = Stopwatch(self._clock, self._sounds, spoke_at=turn.spoke_at, asked_at=turn.asked_at or self._clock.now)
        language = self.host.hints().language or "en"
        chunks = Chunks(language, only_first_line=self._settings.only_first_line)
        plan, model = partial(self._plan_unless_nothing, request, hearings), self._settings.think.addresses[0].model
        answer = Answer(self._book, hearings, plan, chunks, watch, model)
        self._answers.append(answer)
        answer.advance()
        return answer

    def _plan_unless_nothing(self, request: Request, hearings: Sequence[Hearing]) -> Plan | None:
        """The plan, unless the turn that asks for the answer turned out to have no words in it."""
        last = request.context[-1] if request.context else None
        is_turn = last is not None and last.role == "user" and bool(last.pcm and hearings)
        if is_turn and hearings[-1].was_asked and not hearings[-1].text:
            return None
        return self._plan(request)

    def _plan(self, request: Request) -> Plan:
        messages = messages_of(request.instructions, request.context, self._words, self._settings.context_tokens)
        limit = request.max_output_tokens
        think = Think(
            0,
            messages,
            tuple(request.tools),
            request.tool_choice if request.tools else None,
            limit if isinstance(limit, int) else None,
        )
        voice = request.voice["id"] if isinstance(request.voice, dict) else str(request.voice)
        return Plan(think, request.aloud, voice, request.speed)

    def _words(self, item: Item, index: int) -> str:
        return self._hearings[item.id, index].text or ""

    def _sounds(self, until: float) -> None:
        self._sounds_until = until

    # What was begun for nothing.

    def _void_turn(self) -> None:
        """Have done with what was begun for a turn before it was over, or for the last one and not asked for."""
        self._book.void(self._turn.judging)
        for turn in (self._turn, self._taken[1]):
            if turn.answer is not None:
                self._void(turn.answer)
            if turn.hearing is not None:
                turn.hearing.void()
                if (used := turn.hearing.take_usage()) is not None:
                    self._for_nothing.append(Spent(heard=[used]))
            turn.hearing = turn.answer = None

    def _void(self, answer: Answer) -> None:
        self.counts.voided += 1
        answer.stop()
        self._for_nothing.append(answer.spent())
