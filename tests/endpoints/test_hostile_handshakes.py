"""Ten thousand handshakes by strangers who try everything, over real sockets: nobody gets in, nothing breaks."""

import asyncio
import base64
import contextlib
import logging
from collections.abc import Callable
from random import Random
from time import time
from typing import Any

import jwt

from relay.admission.tickets import Ticket, TicketSigner
from tests.admission.test_jwts import made_up
from tests.fakes.running import Running, running
from tests.fakes.upstream import scripted_upstream

TOKEN = "rt_annas-token-0123456789"
JWT_SECRET = "the secret of the sign-in, long enough"
TICKET_SECRET = "the secret of the tickets, long enough"
HANDSHAKES = 10_000
AT_ONCE = 25

REFUSALS = (b'"credentials_', b'"origin_refused"', b'"path_unknown"')
"""What a page may be told that gets nothing."""

SIGNER = TicketSigner(TICKET_SECRET.encode())
Make = Callable[[Random], bytes]


def changed(random: Random, text: str) -> str:
    """The text with a few characters changed, cut, doubled or put in; never the text itself."""
    characters = list(text)
    while "".join(characters) == text:
        place = random.randrange(len(text))
        characters[place : place + random.randrange(3)] = random.choices("aZ9-_.=~\x7f\xe9", k=random.randrange(4))
    return "".join(characters)


def credential(random: Random) -> str:
    """What a stranger may have got hold of, guessed or made."""
    now = int(time())
    made: list[Callable[[], str]] = [
        lambda: changed(random, TOKEN),
        lambda: changed(random, SIGNER.write(Ticket(now + 600, "default", "anna", None, {}, {}))),
        lambda: SIGNER.write(Ticket(now - 1, "default", "anna", None, {}, {})),
        lambda: TicketSigner(b"guessed").write(Ticket(now + 600, "default", None, None, {}, {})),
        lambda: changed(random, jwt.encode({"sub": "anna", "exp": now + 600}, JWT_SECRET)),
        lambda: jwt.encode({"sub": "anna", "exp": now - 600}, JWT_SECRET),
        lambda: made_up({"alg": random.choice(["none", "None", "", "HS512", "RS256"])}),
        lambda: "ek_" + base64.urlsafe_b64encode(random.randbytes(random.randrange(200))).decode(),
        lambda: random.randbytes(random.randrange(1, 60)).decode("latin-1"),
        lambda: "",
    ]
    return random.choice(made)()


def header(random: Random) -> str:
    """A header that carries a credential, or tries to pass for something else."""
    secret = credential(random)
    return random.choice(
        [
            f"Authorization: Bearer {secret}",
            f"Authorization: {random.choice(['Basic', 'bearer', 'BEARER ', 'Token', ''])} {secret}",
            f"Sec-WebSocket-Protocol: realtime, openai-insecure-api-key.{secret}",
            f"Sec-WebSocket-Protocol: {','.join(random.choices(['realtime', 'relay.binary.v1', secret, ''], k=5))}",
            f"{random.choice(['api-key', 'API-KEY', 'api_key'])}: {secret}",
            f"Cookie: token={secret}",
            f"X-Forwarded-For: {random.choice(['127.0.0.1', '::1', secret])}",
            f"Origin: {random.choice(['null', 'http://127.0.0.1', secret])}",
            f"OpenAI-Safety-Identifier: {secret}",
            f"{random.choice(['X', '', ' ', 'Host', 'Transfer-Encoding', 'Content-Length'])}: {secret}",
            f"X: {'x' * random.randrange(20_000)}",
        ]
    )


def request(random: Random) -> bytes:
    """A handshake whose form is right, or nearly so."""
    query = random.choice(["", "?model=x", "?profile=%00", f"?token={TOKEN}", f"?api_key={TOKEN}", "?%ff=%"])
    query = random.choice([query, query, f"?api-key={changed(random, TOKEN)}&deployment=%ff&api-version=%00"])
    path = random.choice(["/v1/realtime", "/v1/realtime", "/v1//realtime", "/v1/realtime/", "/V1/REALTIME", "/%2e"])
    path = random.choice([path, path, "/openai/realtime", "/openai/v1/realtime"])
    lines = [
        f"{random.choices(['GET', 'POST', 'get'], [20, 1, 1])[0]} {path}{query} HTTP/1.1",
        "Host: relay",
        "Upgrade: websocket",
        "Connection: Upgrade",
        f"Sec-WebSocket-Version: {random.choices(['13', '8', 'x'], [20, 1, 1])[0]}",
        f"Sec-WebSocket-Key: {random.choices(['AAAAAAAAAAAAAAAAAAAAAA==', 'AAAA', ''], [20, 1, 1])[0]}",
        *(header(random) for _ in range(random.randrange(4))),
    ]
    return "\r\n".join([*lines, "", ""]).encode("latin-1")


def mint(random: Random) -> bytes:
    """A stranger's request for a ticket."""
    body = random.choice([b"{}", b"[" * 500, random.randbytes(50), b'{"session":{"type":"realtime"}}'])
    lines = ["POST /v1/realtime/client_secrets HTTP/1.1", "Host: relay", f"Content-Length: {len(body)}", header(random)]
    return "\r\n".join([*lines, "", ""]).encode("latin-1") + body


def cut(random: Random) -> bytes:
    """A request that ends in its middle."""
    whole = request(random)
    return whole[: random.randrange(len(whole))]


def garbled(random: Random) -> bytes:
    """A request with bytes overwritten anywhere."""
    whole = bytearray(request(random))
    for _ in range(random.randrange(1, 20)):
        whole[random.randrange(len(whole))] = random.randrange(256)
    return bytes(whole)


def early(random: Random) -> bytes:
    """A handshake with frames behind it, sent before anybody was accepted."""
    return request(random) + random.randbytes(random.randrange(300))


KINDS: list[Make] = [request, request, request, mint, cut, garbled, early, lambda random: random.randbytes(100)]


async def knock(relay: Running, data: bytes) -> bytes:
    """Send it, end what we send, and return all that comes back."""
    reader, writer = await asyncio.open_connection("127.0.0.1", relay.port)
    with contextlib.suppress(OSError):
        writer.write(data)
        writer.write_eof()
        answer = await reader.read()
        writer.transport.abort()
        return answer
    return b""


async def test_ten_thousand_strangers(caplog) -> None:
    """Of 10,000 hostile handshakes none opens anything upstream, none gets a ticket, and none breaks the relay."""
    caplog.set_level(logging.ERROR)
    random = Random(5)
    answers: dict[bytes, int] = {}
    knocks = iter(range(HANDSHAKES))

    async def stranger(relay: Running) -> None:
        for _ in knocks:
            answer = await knock(relay, random.choice(KINDS)(random))
            status = answer[:12]
            answers[status] = answers.get(status, 0) + 1
            assert b"ek_" not in answer
            assert status != b"HTTP/1.1 101" or any(cause in answer for cause in REFUSALS)

    guard: dict[str, Any] = {"tokens": TOKEN, "jwt": {"secret": JWT_SECRET}, "ticket_secret": TICKET_SECRET}
    async with scripted_upstream() as upstream, running(upstream.url, **guard) as relay:
        async with asyncio.TaskGroup() as tasks:
            for _ in range(AT_ONCE):
                tasks.create_task(stranger(relay))
        assert upstream.handshakes == []
        assert relay.sessions.reserved == 0
        assert relay.metrics.registry.get_sample_value("relay_sessions_ended_total", {"cause": "internal_error"}) == 0
        async with relay.peer(additional_headers={"Authorization": f"Bearer {TOKEN}"}) as friend:
            await friend.send("hello")
            assert await friend.recv() == "hello"
    assert sum(answers.values()) == HANDSHAKES
    assert min(answers[b"HTTP/1.1 " + status] for status in (b"400", b"401", b"403", b"101")) > 50
    assert [record.getMessage() for record in caplog.records if record.levelno >= logging.ERROR] == []
