"""Checks of a Realtime session. None asks for an answer, but the one that only runs when costs are allowed."""

import asyncio
from time import monotonic

from relay.checking.check import Failed, NotApplicable, check, expect
from relay.checking.endpoint import Endpoint, Event, Talk, silence

ADDED = ("conversation.item.added", "conversation.item.created")
LARGE_MIB = (1, 5, 15)
ITEMS = 200


def _needs_session(endpoint: Endpoint) -> None:
    if endpoint.echoes:
        raise NotApplicable("an echo speaks no Realtime")


@check("The first event is session.created, the upstream's own.")
async def first_event(endpoint: Endpoint) -> str:
    _needs_session(endpoint)
    began = monotonic()
    async with endpoint.connect() as connection:
        event = await Talk(connection).event()
        took_ms = 1000 * (monotonic() - began)
    expect(event["type"] == "session.created", f"the first event is {event['type']}{_told(event)}")
    session = event.get("session")
    expect(isinstance(session, dict) and session.get("id"), "session.created has no session with an id")
    return f"after {took_ms:.0f} ms"


@check("A session.update is answered with session.updated.")
async def session_update(endpoint: Endpoint) -> str:
    _needs_session(endpoint)
    async with endpoint.session() as talk:
        await talk.say("session.update", session={"type": "realtime", "instructions": "Be brief."})
        event = await talk.until("session.updated", "error")
    expect(event["type"] == "session.updated", f"refused{_told(event)}")
    return "session.updated"


@check("An event that nobody knows gets an error in the API's shape, and the session goes on.")
async def error_shape(endpoint: Endpoint) -> str:
    _needs_session(endpoint)
    async with endpoint.session() as talk:
        await talk.say("relay.check.unheard_of", event_id="check_1")
        event = await talk.until("error")
        error = event.get("error")
        expect(isinstance(error, dict), "its error is no object")
        missing = {"type", "message"} - set(error or ())
        expect(not missing, f"its error has no {' and no '.join(sorted(missing))}")
        expect(isinstance(event.get("event_id"), str), "the error event has no event_id")
        named = (error or {}).get("event_id")
        expect(named == "check_1", f"the error names event {named!r}, not the one that was wrong")
        await _still_there(talk)
    return f"code {(error or {}).get('code')}"


@check("A message that is no JSON gets an error, and the session goes on.")
async def malformed(endpoint: Endpoint) -> str:
    _needs_session(endpoint)
    async with endpoint.session() as talk:
        await talk.connection.send('{"type":')
        await talk.until("error")
        await _still_there(talk)
    return "error, and it goes on"


@check("Items are acknowledged in the order in which they were sent.")
async def order(endpoint: Endpoint) -> str:
    _needs_session(endpoint)
    async with endpoint.session() as talk:
        await _add_items(talk, 20, "short")
        await _expect_items(talk, 20)
    return "20 of 20"


@check("Audio of up to 15 MiB in one event is taken.")
async def large_messages(endpoint: Endpoint) -> str:
    _needs_session(endpoint)
    async with endpoint.session() as talk:
        for mib in LARGE_MIB:
            await talk.say("input_audio_buffer.append", audio=silence(mib * 2**20 * 0.74 / 48_000))
            await talk.say("input_audio_buffer.clear")
            event = await talk.until("input_audio_buffer.cleared", "error")
            expect(event["type"] != "error", f"{mib} MiB were refused{_told(event)}")
    return f"{', '.join(map(str, LARGE_MIB))} MiB"


@check("A peer that does not read for a while gets everything, in order, when it does.")
async def slow_reader(endpoint: Endpoint) -> str:
    _needs_session(endpoint)
    async with endpoint.session() as talk:
        talk.connection.transport.pause_reading()
        await _add_items(talk, ITEMS, "some words " * 200)
        await asyncio.sleep(3)
        talk.connection.transport.resume_reading()
        await _expect_items(talk, ITEMS)
    return f"{ITEMS} items after 3 s"


@check("A short answer comes whole and says what it used.")
async def answer(endpoint: Endpoint) -> str:
    _needs_session(endpoint)
    if not endpoint.costly:
        raise NotApplicable("an answer costs; --costly asks for one")
    async with endpoint.session() as talk:
        await talk.say("response.create", response={"output_modalities": ["text"], "instructions": "Say: yes."})
        created = await talk.until("response.created", "error")
        expect(created["type"] == "response.created", f"refused{_told(created)}")
        response = (await talk.until("response.done")).get("response")
    expect(isinstance(response, dict) and response.get("status") == "completed", "the response was not completed")
    expect(isinstance(response, dict) and response.get("usage"), "response.done has no usage")
    return "completed, with usage"


async def _add_items(talk: Talk, count: int, text: str) -> None:
    for n in range(count):
        content = [{"type": "input_text", "text": f"{n} {text}"}]
        item = {"id": f"check_{n}", "type": "message", "role": "user", "content": content}
        await talk.say("conversation.item.create", item=item)


async def _expect_items(talk: Talk, count: int) -> None:
    for n in range(count):
        event = await talk.until(*ADDED, "error")
        expect(event["type"] != "error", f"item {n} was refused{_told(event)}")
        item = event.get("item")
        found = item.get("id") if isinstance(item, dict) else None
        if found != f"check_{n}":
            raise Failed(f"item {found} came where check_{n} was due")


async def _still_there(talk: Talk) -> None:
    await talk.say("input_audio_buffer.clear")
    await talk.until("input_audio_buffer.cleared")


def _told(event: Event) -> str:
    """What an error event says, after a colon."""
    error = event.get("error")
    return f": {error.get('message')}" if isinstance(error, dict) else ""


SESSION_CHECKS = (first_event, session_update, error_shape, malformed, order, large_messages, slow_reader, answer)
