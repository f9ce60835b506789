"""What the mock says: clips of synthetic speech, and the speaker's own words back.

It understands no speech and little text. What steers it are words in the user's last message, if that was written,
and two phrases in the instructions:

- "repeat after me", in either: the last thing that the user said, played back sample by sample; where the answer is
  text and nothing was said, what was written behind these words;
- "story" or "long" in the message, "long answers" in the instructions: a clip of well over ten seconds, which leaves
  time to interrupt;
- "hello", "bye" in the message: the greeting, the goodbye. The greeting also opens a conversation in which the user
  has said nothing yet.

After a function's output it says that the tool has answered, and the transcript adds the output in brackets.
Brackets always mean words that are in the transcript and not in the audio. Anything else is answered by the next of
a few clips in turn, and a very short utterance by a clip of its own.
"""

import re
import wave
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib import resources

from relay.engine.audio import milliseconds
from relay.engine.items import Item

ROTATION = ("answer-1", "answer-2", "answer-3")
MOMENT_MS = 900
CUES: Sequence[tuple[str, str]] = (
    (r"\b(story|long)\b", "story"),
    (r"\b(good)?bye\b", "goodbye"),
    (r"\b(hello|hi|hey)\b", "greeting"),
)
LONG_ANSWERS = re.compile(r"\blong answers\b", re.IGNORECASE)
REPEAT = re.compile(r"\brepeat after me\b\W*", re.IGNORECASE)
SHOWN_OUTPUT_CHARS = 400


@dataclass(frozen=True, slots=True)
class Utterance:
    """Something to say: the words, and their sound."""

    words: str
    pcm: bytes = b""


@cache
def clips() -> Mapping[str, Utterance]:
    """The clips that come with the mock, by name; read from its folder the first time."""
    folder = resources.files(__package__) / "clips"
    lines = (folder / "words.tsv").read_text(encoding="utf-8").splitlines()
    return {name: Utterance(words, _samples(name)) for name, words in (line.split("\t") for line in lines)}


def _samples(name: str) -> bytes:
    path = resources.files(__package__) / "clips" / f"{name}.wav"
    with path.open("rb") as file, wave.open(file) as clip:
        return bytes(clip.readframes(clip.getnframes()))


class Voice:
    """Chooses what to say next. It remembers only whose turn it is among the clips."""

    def __init__(self) -> None:
        self._turn = 0

    def answer(self, context: Sequence[Item], instructions: str, *, aloud: bool) -> Utterance:
        """What to say after these items.

        Args:
            context: the conversation so far, or what a response was given instead.
            instructions: of the response, else of the session.
            aloud: the answer needs a sound, not only words.
        """
        last = context[-1] if context else None
        if last is not None and last.kind == "function_call_output":
            return _report(str(last.fields["output"]))
        users = [item for item in context if item.role == "user"]
        if not users:
            return clips()["greeting"]
        if (REPEAT.search(instructions) or REPEAT.search(users[-1].gist)) and (echo := _echo(users, aloud)):
            return echo
        if LONG_ANSWERS.search(instructions):
            return clips()["story"]
        return self._reply(users[-1])

    def _reply(self, user: Item) -> Utterance:
        for cue, name in CUES:
            if re.search(cue, user.gist, re.IGNORECASE):
                return clips()[name]
        if user.pcm and sum(map(milliseconds, user.pcm.values())) < MOMENT_MS:
            return clips()["moment"]
        return self._next()

    def _next(self) -> Utterance:
        name = ROTATION[self._turn % len(ROTATION)]
        self._turn += 1
        return clips()[name]


def _report(output: str) -> Utterance:
    clip = clips()["tool"]
    shown = output if len(output) <= SHOWN_OUTPUT_CHARS else f"{output[:SHOWN_OUTPUT_CHARS]}…"
    return Utterance(f"{clip.words} [{shown}]", clip.pcm)


def _echo(users: Sequence[Item], aloud: bool) -> Utterance | None:
    """The last audio among these messages, or the words of the last; None if neither can be had."""
    spoken = next((item for item in reversed(users) if any(item.pcm.values())), None)
    if spoken and (aloud or spoken is users[-1]):
        pcm = b"".join(map(bytes, spoken.pcm.values()))
        return Utterance(f"[your {describe(pcm)}]", pcm)
    words = REPEAT.split(users[-1].gist)[-1].strip()
    return None if aloud or not words else Utterance(words)


def describe(pcm: bytes | bytearray) -> str:
    """The words for audio that nobody understands: "1.8 s of speech"."""
    return f"{milliseconds(pcm) / 1000:.1f} s of speech"
