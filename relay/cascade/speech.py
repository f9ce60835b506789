"""An answer that is said piece by piece: two pieces are asked for at a time, and their sound comes out in order."""

from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from relay.cascade.order_book import OrderBook
from relay.cascade.orders import Failed, Result, Speak, SpokenChunk, StageUsage
from relay.engine.audio import BYTES_PER_MS
from relay.engine.mind import Spoken

IN_FLIGHT = 2
DELTA_BYTES = 240 * BYTES_PER_MS
"""How much sound one event carries at most."""

WHOLE_CODE_BYTES = 6
"""Three samples, which are one code of G.711: sound is cut there, that none is lost."""

CHARS_PER_MS = 0.014
"""How fast a voice speaks, until it is known better."""


@dataclass(slots=True)
class _Piece:
    """A piece of an answer.

    Attributes:
        shown: what the peer reads.
        spoken: what is said of it; empty for what is only shown.
    """

    shown: str
    spoken: str
    number: int = 0
    pcm: bytearray = field(default_factory=bytearray)
    told_chars: int = 0
    sent_bytes: int = 0
    is_complete: bool = False
    failure: Failed | None = None


class Speech:
    """Says pieces of text in order.

    Args:
        book: where the sound is ordered.
        voice, speed: as the session has them.
        on_step: is told when there is something to say, or nothing more, or a failure.

    Attributes:
        failure: why there is no more sound, once all before it is out; None while nothing went wrong.
        usages: of the pieces that were said.
    """

    def __init__(self, book: OrderBook, voice: str, speed: float, on_step: Callable[[], None]) -> None:
        self.failure: Failed | None = None
        self.usages: list[StageUsage] = []
        self._book = book
        self._voice = voice
        self._speed = speed
        self._on_step = on_step
        self._pieces: deque[_Piece] = deque()
        self._chars_per_ms = CHARS_PER_MS

    @property
    def is_idle(self) -> bool:
        """Everything that was to be said has been, or never will be."""
        return not self._pieces or self.failure is not None

    def say(self, shown: str, spoken: str) -> None:
        """Say this behind the rest."""
        self._pieces.append(_Piece(shown, spoken, is_complete=not spoken))
        self._order()

    def steps(self) -> Iterator[Spoken]:
        """What there is to be heard by now, in order."""
        while self._pieces and self.failure is None:
            piece = self._pieces[0]
            yield from self._cut(piece)
            self.failure = piece.failure
            if not piece.is_complete:
                return
            self._pieces.popleft()
            self._order()

    def void(self) -> None:
        """Nothing more is to be said."""
        for piece in self._pieces:
            self._book.void(piece.number)
        self._pieces.clear()
        self._on_step = lambda: None

    def _order(self) -> None:
        under_way = sum(piece.number > 0 and not piece.is_complete for piece in self._pieces)
        for piece in self._pieces:
            if under_way >= IN_FLIGHT or piece.failure is not None:
                return
            if piece.number == 0 and piece.spoken:
                under_way += 1
                self._ask(piece)

    def _ask(self, piece: _Piece) -> None:
        def take(result: Result) -> None:
            self._take(piece, result)

        piece.number = self._book.give(lambda number: Speak(number, piece.spoken, self._voice, self._speed), take)

    def _take(self, piece: _Piece, result: Result) -> None:
        if isinstance(result, SpokenChunk):
            piece.pcm += result.pcm
        elif isinstance(result, Failed):
            piece.failure = result
        else:
            piece.is_complete = True
            self.usages.append(result.usage)  # type: ignore[union-attr]
            self._order()
        self._on_step()

    def _cut(self, piece: _Piece) -> Iterator[Spoken]:
        """The sound of a piece in chunks, each with the words that are begun in it, as far as that can be guessed."""
        while len(piece.pcm) >= (1 if piece.is_complete else WHOLE_CODE_BYTES):
            whole = len(piece.pcm) if piece.is_complete else len(piece.pcm) // WHOLE_CODE_BYTES * WHOLE_CODE_BYTES
            chunk = bytes(piece.pcm[: min(whole, DELTA_BYTES)])
            del piece.pcm[: len(chunk)]
            piece.sent_bytes += len(chunk)
            is_last = piece.is_complete and not piece.pcm
            yield Spoken(self._words(piece, is_last=is_last), chunk)
        if piece.is_complete and piece.told_chars < len(piece.shown):
            yield Spoken(self._words(piece, is_last=True), b"")

    def _words(self, piece: _Piece, *, is_last: bool) -> list[str]:
        """Those of the words that have begun by now and were not told yet."""
        spoken_ms = piece.sent_bytes / BYTES_PER_MS
        reached = len(piece.shown) if is_last else round(spoken_ms * self._chars_per_ms)
        if is_last and spoken_ms:
            self._chars_per_ms = max(CHARS_PER_MS / 2, len(piece.spoken) / spoken_ms)
        end = piece.shown.find(" ", max(reached, piece.told_chars)) + 1 or len(piece.shown)
        words, piece.told_chars = piece.shown[piece.told_chars : end], end
        return [words] if words else []
