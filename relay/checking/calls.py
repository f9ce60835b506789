"""A call that a relay answers, step by step: what `relay check --webrtc` does, and what it says where a step fails."""

import asyncio
import socket
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from ipaddress import ip_address
from typing import Any
from urllib.parse import urljoin, urlsplit, urlunsplit

import httpx2 as httpx

from relay.checking.caller import Caller
from relay.checking.check import Failed, Found, NotApplicable, Verdict
from relay.checking.endpoint import Endpoint
from relay.checking.run import Unreachable
from relay.legs.webrtc.descriptions import Candidate, candidates_of
from relay.legs.webrtc.reachability import advice

SOUND_PACKETS = 50
"""A second of sound."""

HINTS = {
    "no_calls": 'set webrtc.calls = "relay", for this profile, where the relay is to answer calls',
    "full": "webrtc.max_calls, or max_sessions, is reached",
}
"""What an operator does about a refusal; those of credentials have words of their own."""


def calls_url(url: str) -> str:
    """Where calls are made, given where WebSockets are opened."""
    parts = urlsplit(url)
    scheme = {"ws": "http", "wss": "https"}.get(parts.scheme, parts.scheme)
    return urlunsplit((scheme, parts.netloc, f"{parts.path.rstrip('/')}/calls", parts.query, ""))


@dataclass(slots=True)
class Call:
    """One call on trial, as far as it has come."""

    endpoint: Endpoint
    http: httpx.AsyncClient
    caller: Caller
    patience_s: float
    answer: str = ""
    place: str = ""
    candidates: Sequence[Candidate] = field(default_factory=tuple)

    @property
    def url(self) -> str:
        return calls_url(self.endpoint.url)


async def check_call(endpoint: Endpoint, patience_s: float) -> AsyncIterator[Verdict]:
    """Make a call, and tell of each step as it is done. What a step needs that failed is not applicable.

    Args:
        patience_s: how long each step may take.

    Raises:
        Unreachable: nothing answers there.
    """
    headers = dict(endpoint.headers)
    if endpoint.token is not None:
        headers["Authorization"] = f"Bearer {endpoint.token}"
    verify = endpoint.tls or ssl.create_default_context()
    caller, failed = Caller(), ""
    async with httpx.AsyncClient(headers=headers, verify=verify, trust_env=False, timeout=patience_s) as http:
        call = Call(endpoint, http, caller, patience_s)
        try:
            for name, step in STEPS.items():
                if failed:
                    yield Verdict(name, Found.NOT_APPLICABLE, f"{failed} failed")
                    continue
                verdict = await _try(name, step, call)
                yield verdict
                failed = name if verdict.found is Found.FAIL and step is not addresses else ""
        finally:
            await caller.close()


async def _try(name: str, step: "Step", call: Call) -> Verdict:
    try:
        return Verdict(name, Found.PASS, await step(call))
    except NotApplicable as why:
        return Verdict(name, Found.NOT_APPLICABLE, str(why))
    except Failed as why:
        return Verdict(name, Found.FAIL, str(why))


async def answered(call: Call) -> str:
    """The offer is answered with 201, a description, and the place where the call is ended."""
    headers = {"Content-Type": "application/sdp"}
    try:
        said = await call.http.post(call.url, content=await call.caller.offer(), headers=headers)
    except httpx.HTTPError as failure:
        raise Unreachable(f"{str(failure).rstrip('.') or type(failure).__name__}. Is it running there?") from None
    if said.status_code != 201:
        raise Failed(_refusal(said))
    call.answer, call.place = said.text, said.headers.get("location", "")
    call.candidates = candidates_of(call.answer)
    if not call.place:
        raise Failed("the answer has no Location, so no client can hang up by it")
    return "201, with a Location"


async def addresses(call: Call) -> str:
    """The answer names addresses that a peer from there can reach."""
    if not call.candidates:
        raise Failed("the answer has no candidate: no peer finds the relay's sound; see webrtc.ports and advertise")
    words = ", ".join(map(str, call.candidates))
    hint = advice([candidate.address for candidate in call.candidates])
    if hint is not None and await _is_public(call.url):
        raise Failed(f"{words}, and the relay is asked at a public address. {hint}")
    return words


async def connected(call: Call) -> str:
    """Packets get through, both ways, and are encrypted."""
    try:
        await call.caller.take(call.answer)
    except ValueError as why:
        raise Failed(f"the answer is none that WebRTC can take: {why}") from None
    state = call.caller
    if await state.until(lambda: state.state == "connected", call.patience_s):
        return "encrypted, both ways"
    if state.is_path_found:
        raise Failed("packets get through, and no encryption (DTLS) was agreed on")
    words = ", ".join(map(str, call.candidates)) or "any address"
    raise Failed(
        f"nothing came back from {words} within {call.patience_s:g} s. Open these ports (webrtc.ports) to the world, "
        "forward each to the same port of the relay, and set webrtc.advertise to the address that peers reach"
    )


async def events(call: Call) -> str:
    """Events come over the channel, session.created first."""
    caller = call.caller
    if not await caller.until(lambda: caller.told, call.patience_s):
        opened = "is open, and nothing came over it" if caller.is_open else "did not open"
        raise Failed(f"the channel oai-events {opened} within {call.patience_s:g} s")
    first = caller.told[0]
    if first.get("type") != "session.created":
        error: Any = first.get("error")
        words = error.get("message") if isinstance(error, dict) else None
        raise Failed(f"the first event is {first.get('type')}" + (f": {words}" if words else ""))
    return "session.created"


async def sound(call: Call) -> str:
    """A second of sound comes; it is silence, since nothing was said."""
    heard = await call.caller.heard()
    try:
        async with asyncio.timeout(call.patience_s):
            while heard.packets < SOUND_PACKETS:
                await asyncio.sleep(0.05)
                heard = await call.caller.heard()
    except TimeoutError:
        raise Failed(f"{heard.packets} packets of sound came within {call.patience_s:g} s") from None
    lost = 100 * heard.lost / (heard.packets + heard.lost)
    return f"{heard.packets} packets, {lost:.1f} % lost, {heard.round_trip_ms:.0f} ms there and back"


async def hung_up(call: Call) -> str:
    """A hangup at the call's place ends it, and is heard of."""
    try:
        said = await call.http.post(f"{urljoin(call.url, call.place)}/hangup")
    except httpx.HTTPError as failure:
        raise Failed(f"the hangup was not answered: {failure}") from None
    if said.status_code != 200:
        raise Failed(_refusal(said))
    if not await call.caller.until(lambda: call.caller.is_closed, call.patience_s):
        raise Failed(f"the hangup was answered, and the call goes on after {call.patience_s:g} s")
    return "200, and the channel closed"


Step = Callable[[Call], Awaitable[str]]

STEPS: dict[str, Step] = {
    "call-answered": answered,
    "call-addresses": addresses,
    "call-connected": connected,
    "call-events": events,
    "call-sound": sound,
    "call-hung-up": hung_up,
}


def _refusal(said: httpx.Response) -> str:
    """A refusal in its own words, with what to do about it."""
    try:
        error = said.json()["error"]
        code, message = str(error.get("code")), str(error.get("message"))
    except (ValueError, KeyError, TypeError, AttributeError):
        code, message = "", "no words that the API would use"
    hint = HINTS.get(code, "give a credential in RELAY_CHECK_TOKEN" if said.status_code in {401, 403} else "")
    return f"HTTP {said.status_code}: {message.rstrip('.')}" + (f"; {hint}" if hint else "")


async def _is_public(url: str) -> bool:
    """Whether the relay is asked from the world: at an address beyond this machine and its network."""
    host = urlsplit(url).hostname or ""
    try:
        found = await asyncio.get_running_loop().getaddrinfo(host, None, type=socket.SOCK_STREAM)
    except OSError:
        return False
    return all(ip_address(str(place[0])).is_global for *_, place in found)
