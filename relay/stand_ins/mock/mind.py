"""The mock's mind: it chooses a clip or a function by a few cues, and takes as long over it as its pace says."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from relay.engine.audio import is_audible, milliseconds
from relay.engine.events import Event, event
from relay.engine.items import Item
from relay.engine.mind import (
    MAX_OUTPUT_TOKENS,
    Arguments,
    CallBegun,
    MessageBegun,
    Output,
    Request,
    Spoken,
    Step,
    Transcribed,
    TranscriptStep,
    Written,
)
from relay.engine.schedule import Pause, Script
from relay.stand_ins.mock.pace import Pace
from relay.stand_ins.mock.pieces import pieces_of, spoken_pieces, words_of
from relay.stand_ins.mock.tools import Call, choose_call
from relay.stand_ins.mock.usage import Meter, Prompt, Tokens, transcription_usage
from relay.stand_ins.mock.voice import Utterance, Voice, describe

TOKENS_PER_MINUTE = 4_000_000


class MockMind:
    """Remembers which clip is next, and what it has read; it takes everything, and asks nobody."""

    def __init__(self, pace: Pace, *, is_muted: bool = False) -> None:
        self._pace = pace
        self._is_muted = is_muted
        self._voice = Voice()
        self._meter = Meter()

    def check(self, event: Event) -> Event:
        """Everything is taken, and much of it echoed without effect."""
        return event

    def take_turn(self, item: Item) -> bool:
        """Every turn is answered, whatever was in it."""
        return bool(item.pcm)

    def transcribe(self, item: Item, settings: Mapping[str, Any]) -> Iterator[TranscriptStep]:
        """For how long somebody spoke, since no speech is understood."""
        pcm = item.pcm.get(0, b"")
        yield Pause(self._pace.transcription_s)
        transcript = f"[{describe(pcm)}]" if is_audible(pcm) else ""
        for piece in re.findall(r"\S+\s*", transcript):
            yield piece
            yield Pause(self._pace.token_s)
        yield Transcribed(transcript, transcription_usage(settings["model"] or "", pcm, transcript))

    def respond(self, request: Request) -> "MockAnswer":
        """Choose what to say or call."""
        prompt = self._meter.read(request.instructions, request.tools, request.context)
        call = choose_call(request.context, request.tools, request.tool_choice)
        chosen = call or self._voice.answer(request.context, request.instructions, aloud=request.aloud)
        in_silence = self._is_muted and any(item.role == "assistant" and not item.pcm for item in request.context)
        return MockAnswer(chosen, request, prompt, self._pace, in_silence=in_silence)


class MockAnswer:
    """A clip that is said or written, or a function that is called, at the mock's pace."""

    def __init__(
        self, chosen: Utterance | Call, request: Request, prompt: Prompt, pace: Pace, *, in_silence: bool = False
    ) -> None:
        self._chosen = chosen
        self._in_silence = in_silence
        self._request = request
        self._prompt = prompt
        self._pace = pace

    def steps(self) -> Iterator[Step]:
        """The answer, until it has as many tokens as it may have."""
        output, limit = Output(), self._request.max_output_tokens
        yield Pause(self._pace.latency_s)
        for step in self._all_steps():
            output += _produced_by(step)
            if isinstance(limit, int) and Tokens.of_output(output).total > limit:
                yield MAX_OUTPUT_TOKENS
            yield step

    def stop(self) -> None:
        """Nothing is held for it."""

    def usage(self, output: Output) -> dict[str, Any]:
        """As the API bills it."""
        return self._prompt.usage(Tokens.of_output(output))

    def unheard_s(self, spoken_ms: int) -> float:
        """What of its speech lies ahead of real time."""
        return spoken_ms / 1000 * (1 - 1 / self._pace.speedup)

    def follow_up(self, response: Mapping[str, Any]) -> Script:
        """The rate limits, a little later; the limit is made up, and never reached."""
        yield Pause(self._pace.rate_limits_s)
        used = response["usage"]["total_tokens"]
        limit = {
            "name": "tokens",
            "limit": TOKENS_PER_MINUTE,
            "remaining": max(0, TOKENS_PER_MINUTE - used),
            "reset_seconds": round(60 * used / TOKENS_PER_MINUTE, 3),
        }
        yield event("rate_limits.updated", rate_limits=[limit])

    def _all_steps(self) -> Iterator[Step]:
        if isinstance(self._chosen, Call):
            return self._call(self._chosen)
        is_aloud = self._request.aloud and not self._in_silence
        return self._speak(self._chosen) if is_aloud else self._write(self._chosen)

    def _speak(self, clip: Utterance) -> Iterator[Step]:
        yield MessageBegun()
        said_ms = 0
        for words, pcm in spoken_pieces(clip.words, clip.pcm):
            yield Spoken(words, pcm)
            said_ms += milliseconds(pcm)
            yield Pause(self._pace.speech_pause_s(said_ms, milliseconds(pcm)))

    def _write(self, clip: Utterance) -> Iterator[Step]:
        yield MessageBegun(self._in_silence)
        for word in words_of(clip.words):
            yield Written(word)
            yield Pause(self._pace.token_s)

    def _call(self, call: Call) -> Iterator[Step]:
        yield CallBegun(call.name)
        for piece in pieces_of(call.arguments):
            yield Arguments(piece)
            yield Pause(self._pace.token_s)


def _produced_by(step: Step) -> Output:
    match step:
        case Spoken(words, pcm):
            return Output(sum(map(len, words)), milliseconds(pcm))
        case Written(text) | Arguments(text):
            return Output(len(text))
        case _:
            return Output()
