"""A turn that is posted as a WAV file when it is over: `POST /audio/transcriptions`."""

from collections.abc import AsyncGenerator, Mapping
from contextlib import aclosing
from typing import Any

from relay.cascade.orders import Heard, HeardDelta, Result
from relay.cascade.services.asking import JSON, SSE, Http, media_type, read_events, read_json, read_out, read_text
from relay.cascade.services.failures import cut_off, unreadable
from relay.cascade.services.sound import wav
from relay.cascade.services.turns import Turn
from relay.cascade.services.usage import heard_usage
from relay.config.cascade import Address

PATH = "/audio/transcriptions"


async def hear_file(
    http: Http, address: Address, number: int, turn: Turn, language: str | None, prompt: str | None
) -> AsyncGenerator[Result, None]:
    """What was said in a turn; its words as they are found, where the service does that.

    Raises:
        ServiceFailed: it could not be found out.
    """
    pcm = await turn.until_whole()
    fields = {"model": address.model, "response_format": "json", "language": language, "prompt": prompt}
    if address.streams:
        fields["stream"] = "true"
    data = {name: value for name, value in {**fields, **_in_a_form(address.extra)}.items() if value is not None}
    files = {"file": ("turn.wav", wav(pcm), "audio/wav")}
    async with http.post(address, PATH, data=data, files=files) as answer:
        kind = media_type(answer)
        if kind == SSE:
            async with aclosing(read_events(address, answer)) as events:
                async for event in events:
                    if event.get("type") == "transcript.text.delta" and event.get("delta"):
                        yield HeardDelta(number, str(event["delta"]))
                    if event.get("type") == "transcript.text.done":
                        yield _heard(address, number, event, pcm)
                        await read_out(events)
                        return
            raise cut_off(address)
        if kind == "text/plain":
            yield Heard(number, (await read_text(address, answer)).strip(), heard_usage(address.model, None, len(pcm)))
        elif kind == JSON:
            yield _heard(address, number, await read_json(address, answer), pcm)
        else:
            raise unreadable(address, f"{kind or 'no type'} where a transcript was asked for")


def _heard(address: Address, number: int, answer: Mapping[str, Any], pcm: bytes) -> Heard:
    text = answer.get("text")
    if not isinstance(text, str):
        raise unreadable(address, "JSON without a `text`")
    return Heard(number, text.strip(), heard_usage(address.model, answer.get("usage"), len(pcm)))


def _in_a_form(extra: Any) -> dict[str, Any]:
    """Further fields as a form has them: numbers and truths in words."""
    return {name: str(value).lower() if isinstance(value, bool) else value for name, value in extra.items()}
