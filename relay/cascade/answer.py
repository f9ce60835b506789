"""One answer of a cascade: thought by one service, said by another, and given to the engine in order.

It waits until it is known what was said, orders the thought, cuts its text into pieces, orders their sound, and puts
what comes into steps. It may be made ahead of the certainty that a turn is over: then its steps lie here until somebody
asks for them, and nobody does if the turn goes on.
"""

from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from relay.cascade.chunks import Chunks
from relay.cascade.hearing import Hearing
from relay.cascade.order_book import OrderBook
from relay.cascade.orders import CallDelta, Failed, Finish, RateLimit, Result, StageUsage, Think, Thought, ThoughtDelta
from relay.cascade.speech import Speech
from relay.cascade.stopwatch import Stopwatch
from relay.cascade.usage import Spent, response_usage, tokens_spent
from relay.engine.events import event
from relay.engine.mind import (
    CONTENT_FILTER,
    MAX_OUTPUT_TOKENS,
    Arguments,
    CallBegun,
    Ending,
    MessageBegun,
    Output,
    Spoken,
    Step,
    Written,
)
from relay.engine.schedule import UNTIL_WOKEN, Script

ENDINGS: Mapping[Finish, Ending | None] = {
    Finish.STOP: None,
    Finish.LENGTH: MAX_OUTPUT_TOKENS,
    Finish.FILTERED: CONTENT_FILTER,
}
FAILURES: Mapping[str, str] = {
    "transcription_failed": "What was said could not be transcribed.",
    "model_failed": "The model did not answer.",
    "speech_failed": "The answer could not be said.",
}


@dataclass(frozen=True, slots=True)
class Plan:
    """Everything that decides what an answer will be: two that are equal need be made only once.

    Attributes:
        think: what the model is asked, without a number.
        aloud: whether it is said, or written.
    """

    think: Think
    aloud: bool
    voice: str
    speed: float


class Answer:
    """One answer; `relay.engine.mind` says what the engine asks of it.

    Args:
        book: where things are ordered.
        waits_for: the turns that have to be written down first.
        plan: makes the plan, once they are; None where there is nothing to answer.
        chunks: cuts the text into pieces that can be said.
        watch: is told what came when.
        model: what is asked, for its usage where it does not come to its end.

    Attributes:
        plan: what is being thought, once that has begun.
        watch: see above.
        for_nothing: what was used for others before it that nobody was given.
    """

    def __init__(
        self,
        book: OrderBook,
        waits_for: Sequence[Hearing],
        plan: Callable[[], Plan | None],
        chunks: Chunks,
        watch: Stopwatch,
        model: str,
    ) -> None:
        self.plan: Plan | None = None
        self.watch = watch
        self.for_nothing: Sequence[Spent] = ()
        self._book = book
        self._model = model
        self._waits_for = waits_for
        self._make_plan = plan
        self._chunks = chunks
        self._steps: deque[Step] = deque()
        self._held: list[Step] = []
        self._speech: Speech | None = None
        self._number = 0
        self._has_message = False
        self._text_chars = 0
        self._call = -1
        self._finish: Finish | None = None
        self._used: StageUsage | None = None
        self._limits: Sequence[RateLimit] = ()
        self._has_stopped = False

    @property
    def is_over(self) -> bool:
        """It has all its steps; nothing more will come."""
        return self._has_stopped

    def advance(self) -> None:
        """Begin to think, if that is possible by now."""
        if self.plan is not None or self._has_stopped:
            return
        for hearing in self._waits_for:
            if hearing.failure is not None and hearing is self._waits_for[-1]:
                self._fail(hearing.failure)
                return
        if not all(hearing.is_over for hearing in self._waits_for):
            return
        self.watch.heard()
        self.plan = self._make_plan()
        if self.plan is None:
            self._has_stopped = True
            return
        self._speech = Speech(self._book, self.plan.voice, self.plan.speed, self._more_sound)
        think = self.plan.think
        self._number = self._book.give(lambda number: replace(think, number=number), self._take)

    def steps(self) -> Iterator[Step]:
        """See `relay.engine.mind.Answer`."""
        while True:
            while self._steps:
                step = self._steps.popleft()
                if isinstance(step, Spoken) and step.pcm:
                    self.watch.sounded(len(step.pcm))
                elif isinstance(step, Written):
                    self.watch.written()
                yield step
            if self._has_stopped:
                return
            yield UNTIL_WOKEN

    def stop(self) -> None:
        """Have done with it: what is still being made for it is void."""
        if self._steps or not self._has_stopped:
            self.watch.silenced()
        self._has_stopped = True
        self._book.void(self._number)
        if self._speech is not None:
            self._speech.void()

    def usage(self, output: Output) -> dict[str, Any]:
        """See `relay.engine.mind.Answer`; what each stage used is in `stages`."""
        heard = [usage for hearing in self._waits_for if (usage := hearing.take_usage()) is not None]
        return response_usage(self.spent(output.written_chars, heard), self.for_nothing)

    def spent(self, written_chars: int | None = None, heard: Sequence[StageUsage] = ()) -> Spent:
        """What was used for it, as far as its services have said so.

        Args:
            written_chars: how much of it counts where the model's service does not say; all that came, by default.
            heard: what is counted for it of what was heard, which others wait for as well.
        """
        said = self._speech.usages if self._speech is not None else ()
        chars = self._text_chars if written_chars is None else written_chars
        tokens = None if self.plan is None else tokens_spent(self.plan.think, chars, self._used)
        return Spent(self._used.model if self._used else self._model, tokens, heard, said)

    def unheard_s(self, spoken_ms: int) -> float:
        """See `relay.engine.mind.Answer`."""
        return self.watch.unheard_s()

    def follow_up(self, response: Mapping[str, Any]) -> Script:
        """What the model's service says of its limits; and for the relay, what the stages used, and their times."""
        if self._limits:
            limits = [
                {"name": each.name, "limit": each.limit, "remaining": each.remaining, "reset_seconds": each.reset_s}
                for each in self._limits
            ]
            yield event("rate_limits.updated", rate_limits=limits)
        yield event(
            "relay.stages",
            response_id=response["id"],
            ahead=self.watch.is_ahead,
            voided=self.watch.voided,
            times=self.watch.times(),
            usage=response["usage"]["stages"],
        )

    def _take(self, result: Result) -> None:
        match result:
            case ThoughtDelta(_, text):
                self._text(text)
            case CallDelta():
                self._called(result)
            case Thought(_, finish, usage, limits):
                self._used, self._finish, self._limits = usage, finish, limits
                self._say_rest()
            case Failed():
                self._fail(result)
        self._settle()

    def _text(self, text: str) -> None:
        if not text:
            return
        self.watch.thought()
        self._text_chars += len(text)
        if self.plan is not None and self.plan.aloud:
            for piece in self._chunks.add(text):
                self._say(piece.text, piece.spoken)
        else:
            self._begin_message()
            self._steps.append(Written(text))

    def _called(self, delta: CallDelta) -> None:
        """A call waits until what is said before it has been: an item is complete before the next begins."""
        self.watch.thought()
        if delta.index != self._call:
            self._say_rest()
            self._call = delta.index
            self._held.append(CallBegun(delta.name))
        if delta.arguments:
            self._held.append(Arguments(delta.arguments))

    def _say_rest(self) -> None:
        if self.plan is not None and self.plan.aloud:
            for piece in self._chunks.finish():
                self._say(piece.text, piece.spoken)

    def _say(self, shown: str, spoken: str) -> None:
        if self._speech is not None:
            self._speech.say(shown, spoken)
            self._more_sound()

    def _more_sound(self) -> None:
        if self._speech is None:
            return
        for step in self._speech.steps():
            self.watch.said()
            self._begin_message()
            self._steps.append(step)
        if self._speech.failure is not None and not self._has_stopped:
            self._fail(self._speech.failure)
        self._settle()

    def _begin_message(self) -> None:
        if not self._has_message:
            self._has_message = True
            self._steps.append(MessageBegun())

    def _settle(self) -> None:
        """Let calls out that waited for speech, and be over if nothing more can come."""
        if self._has_stopped or self._speech is None or not self._speech.is_idle:
            return
        self._steps += self._held
        self._held = []
        if self._finish is not None:
            if (ending := ENDINGS[self._finish]) is not None:
                self._steps.append(ending)
            self._has_stopped = True

    def _fail(self, failure: Failed) -> None:
        code = failure.code
        error = {"type": "server_error", "code": code, "message": FAILURES[code]}
        self._steps.append(Ending("failed", error=error))
        self.stop()
