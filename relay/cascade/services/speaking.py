"""A voice: `POST /audio/speech`, as raw PCM that is read as it comes."""

from collections.abc import AsyncGenerator, Mapping
from typing import Any

from relay.cascade.orders import Result, Speak, Spoken, SpokenChunk, StageUsage
from relay.cascade.services.asking import Http, media_type
from relay.cascade.services.failures import unreadable
from relay.cascade.services.sound import NotSound, SoundReader
from relay.cascade.services.usage import seconds_of
from relay.config.cascade import Address

PATH = "/audio/speech"

ANY_VOICE = "*"

_NOT_SOUND = frozenset(
    {"text/html", "text/plain", "application/json", "audio/mpeg", "audio/mp3", "audio/ogg", "audio/aac"}
)


async def speak(http: Http, address: Address, order: Speak) -> AsyncGenerator[Result, None]:
    """The sound of a piece of text.

    Raises:
        ServiceFailed: there is none, or it breaks off.
    """
    reader, sent_bytes = SoundReader(address.rate), 0
    async with http.post(address, PATH, speech_request(address, order)) as answer:
        if (kind := media_type(answer)) in _NOT_SOUND:
            raise unreadable(address, f"{kind} where PCM was asked for")
        try:
            async for data in answer.aiter_raw():
                if pcm := reader.read(data):
                    sent_bytes += len(pcm)
                    yield SpokenChunk(order.number, pcm)
            if pcm := reader.finish():
                sent_bytes += len(pcm)
                yield SpokenChunk(order.number, pcm)
        except NotSound as failure:
            raise unreadable(address, str(failure)) from None
    if not sent_bytes:
        raise unreadable(address, "no sound")
    usage = StageUsage(address.model, seconds=seconds_of(sent_bytes), characters=len(order.text))
    yield Spoken(order.number, usage)


def speech_request(address: Address, order: Speak) -> dict[str, Any]:
    """The body of a request; a speed that is the voice's own is left out, since not all know the field."""
    body: dict[str, Any] = {
        "model": address.model,
        "input": order.text,
        "voice": voice_of(address.voices, order.voice),
        "response_format": "pcm",
    }
    if order.speed != 1:
        body["speed"] = order.speed
    return {**body, **address.extra}


def voice_of(voices: Mapping[str, str], voice: str) -> str:
    """What a session's voice is called at a service."""
    return voices.get(voice) or voices.get(ANY_VOICE) or voice
