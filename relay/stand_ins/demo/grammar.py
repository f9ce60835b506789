"""The sentences that the demonstration understands, and what it answers to each."""

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from types import MappingProxyType
from typing import Any

ANSWERS: Mapping[str, str] = MappingProxyType({
    "hello": "Hello! This is the museum. You can ask me when we open, or what a ticket costs.",
    "good morning": "Good morning! How can I help you?",
    "can you hear me": "Yes, I can hear you. I understand a few sentences, and nothing else.",
    "who are you": "I am a script. Your words were heard by pocketsphinx, and this voice is called flite.",
    "what can i say": "You can say: when do you open. How much is a ticket. Where is the museum. Tell me a story.",
    "are you open today": "Yes, we are open today, from nine until six.",
    "when do you open": "We open at nine o'clock in the morning.",
    "when do you close": "We close at six in the evening. Last entry is at half past five.",
    "how much is a ticket": "A ticket is twelve euros. Children come in for free.",
    "where is the museum": "We are at the old harbour, next to the lighthouse. The number four tram stops at our door.",
    "what time is it": "It is {time}.",
    "what day is it": "Today is {day}.",
    "tell me a story": (
        "Once there was a lighthouse keeper who collected clocks. He had one for every ship that had come home. "
        "On quiet nights he let them all strike at once, and the fishermen said that the sea was counting. "
        "When he died, the town built a museum around his clocks. They still strike, but only at noon. "
        "If you come by then, you will hear them."
    ),
    "thank you": "You are welcome.",
    "goodbye": "Goodbye! Come and see us.",
})  # fmt: skip

NOT_UNDERSTOOD = "I did not understand that. Say: what can I say."


def jsgf() -> str:
    """The grammar, in the form that pocketsphinx reads."""
    return f"#JSGF V1.0;\ngrammar museum;\npublic <said> = {' | '.join(ANSWERS)};\n"


def answer(messages: Iterable[Mapping[str, Any]], now: datetime) -> Iterator[str]:
    """The answer to the last thing that was said, word by word."""
    said = ""
    for message in messages:
        if message.get("role") == "user":
            said = _text_of(message.get("content"))
    words = "".join(character for character in said.lower() if character.isalpha() or character == " ")
    text = ANSWERS.get(" ".join(words.split()), NOT_UNDERSTOOD)
    text = text.format(time=f"{now:%H:%M}", day=f"{now:%A}, {now:%B} {now.day}")
    yield from (f"{word} " for word in text.split(" ")[:-1])
    yield text.split(" ")[-1]


def _text_of(content: Any) -> str:
    if isinstance(content, str):
        return content
    return " ".join(part.get("text", "") for part in content or () if isinstance(part, Mapping))
