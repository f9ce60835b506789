"""Checks of the WebSocket itself; they say nothing that costs."""

import asyncio
from dataclasses import replace
from time import monotonic

from websockets.exceptions import ConnectionClosed, InvalidHandshake, InvalidStatus
from websockets.frames import Frame, Opcode

from relay.checking.check import Failed, NotApplicable, check, expect
from relay.checking.endpoint import Endpoint, Talk


@check("One of the offered subprotocols is chosen, as browsers demand.")
async def subprotocol(endpoint: Endpoint) -> str:
    offered = len(endpoint.subprotocols) + 2
    try:
        async with endpoint.connect("realtime", "made-up.protocol") as connection:
            chosen = connection.subprotocol
    except InvalidStatus:
        raise
    except InvalidHandshake as refusal:
        raise Failed(f"of {offered} offered subprotocols: {refusal}") from None
    expect(chosen is not None, "none was chosen: a browser that offers some gives up")
    expect(chosen != "made-up.protocol", "it chose a subprotocol that does not exist")
    return f"{chosen} of {offered} offered"


@check("A ping is answered with its own payload.")
async def ping(endpoint: Endpoint) -> str:
    async with endpoint.connect() as connection:
        began = monotonic()
        try:
            async with asyncio.timeout(endpoint.patience_s):
                await (await connection.ping(b"relay check"))
        except TimeoutError:
            raise Failed(f"no pong within {endpoint.patience_s:.0f} s") from None
        return f"answered after {1000 * (monotonic() - began):.0f} ms"


async def _close_with(endpoint: Endpoint, code: int) -> None:
    async with endpoint.connect() as connection:
        try:
            async with asyncio.timeout(endpoint.patience_s):
                await connection.close(code, "relay check")
        except TimeoutError:
            raise Failed(f"close {code} was not answered within {endpoint.patience_s:.0f} s") from None
        answer = connection.protocol.close_rcvd
        expect(answer is not None, f"the connection was cut instead of answering close {code}")
        answered = answer.code if answer is not None else None
        expect(answered == code, f"close {code} was answered with {answered}")


@check("A close is answered with the same code.")
async def close(endpoint: Endpoint) -> str:
    for code in (1000, 4000):
        await _close_with(endpoint, code)
    return "1000 and 4000"


@check("A peer that half-closes its connection is let go.")
async def half_close(endpoint: Endpoint) -> str:
    async with endpoint.connect() as connection:
        if not connection.transport.can_write_eof():
            raise NotApplicable("TLS knows no half close")
        connection.transport.write_eof()
        try:
            async with asyncio.timeout(endpoint.patience_s):
                await connection.wait_closed()
        except TimeoutError:
            raise Failed(f"still open after {endpoint.patience_s:.0f} s") from None
    return "closed"


async def _fault(endpoint: Endpoint, frame: Frame) -> int | None:
    """Send what breaks the protocol; returns the code with which the connection is failed."""
    async with endpoint.connect() as connection:
        connection.transport.write(frame.serialize(mask=True))
        try:
            async with asyncio.timeout(endpoint.patience_s):
                async for _ in connection:
                    pass
        except ConnectionClosed:
            pass
        except TimeoutError:
            raise Failed(f"nothing happened for {endpoint.patience_s:.0f} s") from None
        return connection.close_code


@check("Text that is not UTF-8 ends the connection with 1007.")
async def invalid_text(endpoint: Endpoint) -> str:
    code = await _fault(endpoint, Frame(Opcode.TEXT, b"\xff\xfe"))
    expect(code == 1007, f"ended with {code}")
    return "1007"


@check("A continuation of nothing ends the connection with 1002.")
async def stray_fragment(endpoint: Endpoint) -> str:
    code = await _fault(endpoint, Frame(Opcode.CONT, b"more"))
    expect(code == 1002, f"ended with {code}")
    return "1002"


@check("A wrong credential is refused in a manner that clients understand.")
async def wrong_credential(endpoint: Endpoint) -> str:
    if endpoint.token is None or await _refusal(replace(endpoint, token=None)) is None:
        raise NotApplicable("it lets in whoever comes without a credential")
    refusal = await _refusal(replace(endpoint, token=f"{endpoint.token[:3]}wrong"))
    if refusal is None:
        raise Failed("it let in a wrong credential")
    expect(refusal in {401, 403, 3000}, f"refused with {refusal}, neither HTTP 401 or 403 nor close 3000")
    return f"refused with {refusal}"


async def _refusal(endpoint: Endpoint) -> int | None:
    """The HTTP status or close code with which a session is refused; None where it is opened."""
    try:
        async with endpoint.connect() as connection:
            event = await Talk(connection).event()
            if event["type"] != "error":
                return None
            await connection.wait_closed()
            return connection.close_code
    except InvalidStatus as refusal:
        return refusal.response.status_code


WIRE_CHECKS = (subprotocol, ping, close, half_close, invalid_text, stray_fragment, wrong_credential)
