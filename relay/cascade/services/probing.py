"""Whether services answer at all, at start; and how fast each does what it is for, when somebody wants to know."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing
from dataclasses import dataclass
from time import monotonic

import structlog

from relay.cascade.orders import Heard, Result, Speak, SpokenChunk, Stage, Think, Thought, ThoughtDelta
from relay.cascade.services.asking import Http
from relay.cascade.services.dialling import Dial
from relay.cascade.services.failures import ServiceFailed, timed_out
from relay.cascade.services.hearing import hear_file
from relay.cascade.services.reading import RealtimeVoice
from relay.cascade.services.responses import think_responses
from relay.cascade.services.sessions import TranscriptionSession
from relay.cascade.services.speaking import speak
from relay.cascade.services.thinking import think_chat
from relay.cascade.services.turns import Turn
from relay.cascade.services.vllm import hear_vllm
from relay.config.cascade import Address, Cascade

SENTENCE = "The museum opens at nine o'clock."
"""What is said and heard."""

QUESTION = "Answer with the word yes, and nothing else."

SOON_S = 5.0
"""A service that has nothing to do and does not answer in this time is taken for dead."""

_log = structlog.stdlib.get_logger("relay")


@dataclass(frozen=True, slots=True)
class Tried:
    """One service, tried for real.

    Attributes:
        failure: what went wrong; empty where nothing did.
        first_ms: until its first result.
        whole_ms: until its last.
        said: what it wrote, or heard; how much it played.
    """

    stage: Stage
    address: Address
    failure: str = ""
    first_ms: float = 0.0
    whole_ms: float = 0.0
    said: str = ""


async def warn_of_the_dead(cascade: Cascade, http: Http) -> None:
    """Tell the operator of each service that does not answer; it may come yet, so it is no more than a warning."""
    places = [
        (stage, address)
        for stage, service in (
            (Stage.HEAR, cascade.hear), (Stage.THINK, cascade.think), (Stage.SPEAK, cascade.speak),
        )
        for address in service.addresses
    ]  # fmt: skip
    await asyncio.gather(*(_warn_if_dead(stage, address, http) for stage, address in places))


async def _warn_if_dead(stage: Stage, address: Address, http: Http) -> None:
    try:
        async with asyncio.timeout(SOON_S):
            await http.is_there(address)
        return
    except ServiceFailed as failure:
        reason = failure.reason
    except TimeoutError:
        reason = timed_out(SOON_S, address).reason
    _log.warning(
        "cascade.service_silent",
        stage=stage.value,
        reason=reason,
        advice=f"Is it running, and is cascade.{stage.value}.url its address? `relay check --stages` tries it.",
    )


async def try_stages(cascade: Cascade, http: Http, dial: Dial, voice: str) -> AsyncIterator[Tried]:
    """Have each service do what it is for: a voice says a sentence, which is then heard, and a model answers.

    It costs what a sentence does.
    """
    sound = b""
    for address in cascade.speak.addresses:
        tried, results = await _try_to_speak(address, Speak(1, SENTENCE, voice), http, dial, cascade)
        pcm = b"".join(result.pcm for result in results if isinstance(result, SpokenChunk))
        sound = sound or (b"" if tried.failure else pcm)
        yield tried
    for address in cascade.hear.addresses:
        if sound:
            yield await _try_to_hear(address, sound, http, dial, cascade)
        else:
            yield Tried(Stage.HEAR, address, failure="was not tried, since no voice said anything to be heard")
    order = Think(1, ({"role": "user", "content": QUESTION},), most_tokens=20)
    for address in cascade.think.addresses:
        way = think_responses if address.kind == "responses" else think_chat
        yield (await _try(Stage.THINK, address, way(http, address, order), cascade))[0]


async def _try_to_speak(
    address: Address, order: Speak, http: Http, dial: Dial, cascade: Cascade
) -> tuple[Tried, list[Result]]:
    reader = RealtimeVoice(dial, address)
    asking = reader.speak(order) if address.kind == "realtime" else speak(http, address, order)
    try:
        return await _try(Stage.SPEAK, address, asking, cascade)
    finally:
        await reader.close()


async def _try_to_hear(address: Address, sound: bytes, http: Http, dial: Dial, cascade: Cascade) -> Tried:
    turn = Turn(sound, is_whole=True)
    session = TranscriptionSession(dial, address)
    if address.kind == "session":
        asking = session.hear(1, turn, None, None)
    elif address.kind == "vllm":
        asking = hear_vllm(dial, address, 1, turn)
    else:
        asking = hear_file(http, address, 1, turn, None, None)
    try:
        return (await _try(Stage.HEAR, address, asking, cascade))[0]
    finally:
        await session.close()


async def _try(
    stage: Stage, address: Address, asking: AsyncGenerator[Result, None], cascade: Cascade
) -> tuple[Tried, list[Result]]:
    timeout_s = {Stage.HEAR: cascade.hear, Stage.THINK: cascade.think, Stage.SPEAK: cascade.speak}[stage].timeout_s
    results: list[Result] = []
    began, first_ms = monotonic(), 0.0
    try:
        async with asyncio.timeout(3 * timeout_s), aclosing(asking):
            async for result in asking:
                results.append(result)
                first_ms = first_ms or 1000 * (monotonic() - began)
    except ServiceFailed as failure:
        return Tried(stage, address, failure=failure.reason), results
    except TimeoutError:
        return Tried(stage, address, failure=timed_out(3 * timeout_s, address).reason), results
    whole_ms = 1000 * (monotonic() - began)
    return Tried(stage, address, first_ms=first_ms, whole_ms=whole_ms, said=_said(results)), results


def _said(results: list[Result]) -> str:
    match results[-1]:
        case Heard(text=text):
            return f"heard {text!r}"
        case Thought():
            return f"answered {''.join(result.text for result in results if isinstance(result, ThoughtDelta))!r}"
        case _:
            seconds = sum(len(result.pcm) for result in results if isinstance(result, SpokenChunk)) / 48_000
            return f"said {SENTENCE!r} in {seconds:.1f} s of sound"
