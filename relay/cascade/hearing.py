"""Turns that are being written down."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from relay.cascade.order_book import OrderBook
from relay.cascade.orders import Failed, Hear, Heard, HeardDelta, HearMore, Result, StageUsage
from relay.engine.mind import NotTranscribed, Transcribed, TranscriptStep
from relay.engine.schedule import UNTIL_WOKEN


@dataclass(frozen=True, slots=True)
class Hints:
    """What helps a service to hear.

    Attributes:
        language: in ISO 639-1, where the session names one.
        prompt: words and names that are likely to come up.
    """

    language: str | None = None
    prompt: str | None = None

    @classmethod
    def of(cls, transcription: Mapping[str, Any] | None) -> "Hints":
        """From `audio.input.transcription` of a session."""
        given = transcription or {}
        languages, keywords = given.get("languages") or [], given.get("keywords") or []
        language = given.get("language") or (languages[0] if len(languages) == 1 else None)
        prompt = " ".join(filter(None, [given.get("prompt"), ", ".join(keywords)]))
        return cls(language, prompt or None)


class Hearing:
    """One turn that is written down, or was.

    Attributes:
        text: what was understood, once that is known; empty where it was nothing.
        failure: why it never will be.
        usage: of the service, where one was asked.
        is_counted: whether its usage was told, which is done once.
    """

    def __init__(self, book: OrderBook, on_over: Callable[["Hearing"], None] = lambda hearing: None) -> None:
        self.text: str | None = None
        self.failure: Failed | None = None
        self.usage: StageUsage | None = None
        self.is_counted = False
        self._book = book
        self._on_over = on_over
        self._deltas: list[str] = []
        self._number = 0

    @classmethod
    def of_nothing(cls, book: OrderBook, text: str = "") -> "Hearing":
        """A turn of which no service is asked: nothing was said in it, or it is known what."""
        hearing = cls(book)
        hearing.text = text
        return hearing

    @property
    def is_over(self) -> bool:
        """It is known what was said, or that it cannot be known."""
        return self.text is not None or self.failure is not None

    @property
    def was_asked(self) -> bool:
        """Whether a service has been asked."""
        return self._number > 0

    def begin(self, pcm: bytes, hints: Hints, *, is_whole: bool = True) -> None:
        """Ask what was said in this turn, or in what there is of it so far."""
        self._number = self._book.give(
            lambda number: Hear(number, pcm, hints.language, hints.prompt, is_whole), self._take
        )

    def add(self, pcm: bytes, *, is_last: bool = False) -> None:
        """More of a turn that was not whole."""
        self._book.add(HearMore(self._number, pcm, is_last))

    def take_usage(self) -> StageUsage | None:
        """What it used, if that has not been told yet."""
        is_counted, self.is_counted = self.is_counted, True
        return None if is_counted else self.usage

    def void(self) -> bool:
        """Nobody wants to know any more; returns whether a service was still being asked."""
        return self._book.void(self._number)

    def told(self) -> Iterator[TranscriptStep]:
        """The transcript for the peer, as it comes."""
        position = 0
        while True:
            while position < len(self._deltas):
                position += 1
                yield self._deltas[position - 1]
            if self.is_over:
                break
            yield UNTIL_WOKEN
        if self.failure is not None:
            yield NotTranscribed(self.failure.code, "What was said could not be transcribed.")
            return
        if self.text and not self._deltas:
            yield self.text
        self.is_counted = True
        yield Transcribed(self.text or "", _told_usage(self.usage))

    def _take(self, result: Result) -> None:
        if isinstance(result, HeardDelta):
            self._deltas.append(result.text)
            return
        if isinstance(result, Heard):
            self.text = result.text if has_words(result.text) else ""
            self.usage = result.usage
        elif isinstance(result, Failed):
            self.failure = result
        self._on_over(self)


def has_words(text: str) -> bool:
    """Whether there is a letter or a figure in it: of silence some services make dots and notes."""
    return any(character.isalnum() for character in text)


def _told_usage(usage: StageUsage | None) -> dict[str, Any]:
    """The `usage` of a transcript: tokens where the service counted them, else seconds; and which model has made it."""
    model = {} if usage is None else {"model": usage.model}
    if usage is None or not usage.is_counted:
        return {"type": "duration", "seconds": round(usage.seconds if usage else 0.0, 2), **model}
    text, written = usage.text_input + usage.text_cached, usage.text_output
    return {
        "type": "tokens",
        "total_tokens": text + usage.audio_input + written,
        "input_tokens": text + usage.audio_input,
        "input_token_details": {"text_tokens": text, "audio_tokens": usage.audio_input},
        "output_tokens": written,
        **model,
    }
