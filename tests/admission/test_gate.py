"""Who gets in, over real sockets: the right ones do, and nothing is dialled for the others."""

import json
from time import time
from typing import Any

import jwt
import pytest
from websockets.asyncio.client import ClientConnection
from websockets.exceptions import InvalidStatus

from relay.admission.gate import Gate
from relay.admission.tickets import Ticket, TicketSigner
from relay.config.errors import SettingsError
from relay.config.loading import load_settings
from tests.fakes.running import Running, end_of, running
from tests.fakes.signer import AUDIENCE, Signer
from tests.fakes.upstream import echo_into, read_all, scripted_upstream

TOKEN = "rt_annas-token-0123456789"
JWT_SECRET = "the secret of the sign-in, long enough"
TICKET_SECRET = "the secret of the tickets, long enough"
GUARD: dict[str, Any] = {
    "tokens": [{"token": TOKEN, "subject": "anna"}],
    "jwt": {"secret": JWT_SECRET},
    "ticket_secret": TICKET_SECRET,
}
MUSEUM: dict[str, Any] = {**GUARD, "profiles": {"museum": {"instructions": "Be kind."}}}
SIGNER = TicketSigner(TICKET_SECRET.encode())


def signed(**claims: Any) -> str:
    return jwt.encode({"sub": "anna", "exp": time() + 3600, **claims}, JWT_SECRET)


def ticket(
    lifetime_s: float = 60,
    profile: str = "default",
    origin: str | None = None,
    signer: TicketSigner = SIGNER,
    **session: Any,
) -> str:
    return signer.write(Ticket(int(time() + lifetime_s), profile, "anna", origin, {}, session))


def bearing(credential: str, **headers: str) -> dict[str, Any]:
    return {"additional_headers": {"Authorization": f"Bearer {credential}", **headers}}


def offering(credential: str, **headers: str) -> dict[str, Any]:
    return {"subprotocols": ["realtime", f"openai-insecure-api-key.{credential}"], "additional_headers": headers}


@pytest.mark.parametrize("carry", [bearing, offering])
@pytest.mark.parametrize("credential", [TOKEN, signed(), ticket(3600)], ids=["token", "jwt", "ticket"])
async def test_a_peer_with_a_credential_gets_in(carrier, credential, carry) -> None:
    """A token, a JWT or a ticket opens a session, as a bearer or in the subprotocol; none of it goes upstream."""
    async with (
        scripted_upstream(read_all) as upstream,
        running(upstream.url, **GUARD, openai_api_key="sk-own") as relay,
        relay.peer(**carry(credential)) as peer,
    ):
        assert peer.subprotocol == ("realtime" if carry is offering else None)
        told = upstream.handshakes[0]
        assert told.headers["Authorization"] == "Bearer sk-own"
        assert credential not in f"{told.path}{told.headers}"


STRANGERS: list[tuple[str | None, str]] = [
    (None, "credentials_missing"),
    ("rt_nobodys-token-0123456", "credentials_refused"),
    (TOKEN[:-1], "credentials_refused"),
    ("sk-unused", "credentials_refused"),
    (jwt.encode({"sub": "anna", "exp": time() + 60}, JWT_SECRET + "!"), "credentials_refused"),
    (signed(exp=time() - 60), "credentials_expired"),
    (ticket(-1), "credentials_expired"),
    (ticket(signer=TicketSigner(b"another")), "credentials_refused"),
    (ticket(profile="default")[:-1], "credentials_refused"),
    ("ek_.", "credentials_refused"),
]


@pytest.mark.parametrize(("credential", "cause"), STRANGERS)
async def test_a_stranger_does_not(carrier, credential, cause) -> None:
    """Without a valid credential an SDK gets 401, a page an error event and 3000, and nothing is dialled."""
    async with scripted_upstream(read_all) as upstream, running(upstream.url, **GUARD) as relay:
        await refused(relay, 401, cause, **({} if credential is None else bearing(credential)))
        page = {"origin": relay.http}
        async with relay.peer(**(offering(credential, **page) if credential else {"additional_headers": page})) as peer:
            messages, code, reason = await end_of(peer)
        assert [json.loads(message)["error"]["code"] for message in messages] == [cause]
        assert (code, reason) == (3000, cause)
        assert upstream.handshakes == []


async def first_update(peer: ClientConnection) -> Any:
    """The session that was injected, as an echoing upstream shows it."""
    return json.loads(await peer.recv())["session"]


async def refused(relay: Running, status: int, cause: str, query: str = "", **options: Any) -> None:
    with pytest.raises(InvalidStatus) as refusal:
        await relay.peer(query, **options)
    response = refusal.value.response
    assert (response.status_code, json.loads(response.body or b"")["error"]["code"]) == (status, cause)
    assert response.headers.get("WWW-Authenticate") == ("Bearer" if status == 401 else None)


@pytest.mark.parametrize("name", ["api_key", "api-key", "token", "access_token", "authorization", "ticket"])
async def test_a_credential_in_the_address_is_none(name) -> None:
    """A credential in the query string opens nothing: addresses end up in logs."""
    async with scripted_upstream(read_all) as upstream, running(upstream.url, **GUARD) as relay:
        await refused(relay, 401, "credentials_missing", f"?{name}={TOKEN}")
        assert upstream.handshakes == []


async def test_an_open_relay_asks_nobody() -> None:
    """Where no credential is asked for, whatever key an SDK brings is ignored; only a ticket is still a ticket."""
    async with scripted_upstream(read_all) as upstream, running(upstream.url) as relay:
        for options in ({}, bearing("sk-unused"), offering("anything")):
            async with relay.peer(**options):
                pass
        await refused(relay, 401, "credentials_refused", **bearing(ticket()))


async def test_a_signer_that_is_away_is_not_the_peers_fault() -> None:
    """Where a JWT cannot be checked now, the peer is told to come again."""
    options = {"jwks_url": "http://127.0.0.1:1/keys", "audience": AUDIENCE}
    async with scripted_upstream(read_all) as upstream, running(upstream.url, jwt=options) as relay:
        await refused(relay, 503, "sign_in_unavailable", **bearing(Signer().sign()))
        await refused(relay, 401, "credentials_refused", **bearing("no-jwt-at-all"))
        assert upstream.handshakes == []


async def test_a_credential_is_for_its_profile() -> None:
    """A credential that names a profile gets that one, by itself or by name, and no other."""
    async with scripted_upstream() as upstream, running(upstream.url, **MUSEUM) as relay:
        for credential in (signed(relay_profile="museum"), ticket(profile="museum")):
            for query in ("", "?profile=museum"):
                async with relay.peer(query, **bearing(credential)) as peer:
                    assert await first_update(peer) == {"type": "realtime", "instructions": "Be kind."}
            await refused(relay, 403, "profile_refused", "?profile=default", **bearing(credential))
        await refused(relay, 404, "profile_unknown", **bearing(ticket(profile="gone")))


async def test_a_ticket_for_one_page() -> None:
    """A ticket that is bound to an origin opens nothing for another page, nor for what is no page."""
    page = "https://museum.example"
    async with (
        scripted_upstream(read_all) as upstream,
        running(upstream.url, **GUARD, allowed_origins=f"{page},https://other.example") as relay,
    ):
        bound = ticket(origin=page)
        async with relay.peer(**offering(bound, origin=page)) as peer:
            assert peer.subprotocol == "realtime"
        await refused(relay, 403, "origin_refused", **bearing(bound))
        async with relay.peer(**offering(bound, origin="https://other.example")) as peer:
            assert (await end_of(peer))[1:] == (3000, "origin_refused")
        assert len(upstream.handshakes) == 1


async def test_a_ticket_brings_its_session() -> None:
    """What stands in a ticket is injected over the profile's, and its model is dialled, whatever the peer says."""
    made = ticket(profile="museum", type="realtime", model="gpt-realtime-2", audio={"output": {"voice": "ash"}})
    async with (
        scripted_upstream() as upstream,
        running(upstream.url, **MUSEUM) as relay,
        relay.peer("?model=dear", **bearing(made)) as peer,
    ):
        assert await first_update(peer) == {
            "type": "realtime",
            "instructions": "Be kind.",
            "audio": {"output": {"voice": "ash"}},
        }
        assert upstream.handshakes[0].path.endswith("?model=gpt-realtime-2")


async def test_a_ticket_overrides_no_lock() -> None:
    """A lock that was set after the ticket was written holds against the ticket's session too."""
    profiles = {"default": {"instructions": "Be kind.", "lock": ["instructions", "model"]}}
    made = ticket(instructions="Be rude.", model="dear", type="realtime", Instructions="Be rude.")
    heard: list[str | bytes] = []
    async with (
        scripted_upstream(echo_into(heard)) as upstream,
        running(upstream.url, **{**GUARD, "profiles": profiles}) as relay,
        relay.peer(**bearing(made)) as peer,
    ):
        assert await first_update(peer) == {"type": "realtime"}  # as its peer may see it
        assert json.loads(heard[0])["session"] == {"type": "realtime", "instructions": "Be kind."}
        assert "dear" not in upstream.handshakes[0].path


async def test_a_ticket_for_another_kind_of_session() -> None:
    """A ticket for a transcription opens nothing where its profile has become one for conversations."""
    async with scripted_upstream(read_all) as upstream, running(upstream.url, **MUSEUM) as relay:
        await refused(relay, 401, "credentials_refused", **bearing(ticket(profile="museum", type="transcription")))
        async with relay.peer(**bearing(ticket(type="transcription"))):
            assert upstream.handshakes[0].path.endswith("?intent=transcription")


async def test_a_strangers_name_for_this_machine() -> None:
    """On an open relay a page under a foreign name is foreign, even where that name leads to the relay itself."""
    rebound: dict[str, Any] = {
        "additional_headers": {"origin": "http://evil.example:8000", "host": "evil.example:8000"}
    }
    async with scripted_upstream(read_all) as upstream:
        async with running(upstream.url) as relay, relay.peer(**rebound) as peer:
            assert (await end_of(peer))[1:] == (3000, "origin_refused")
        async with running(upstream.url, allowed_origins="http://evil.example:8000") as relay, relay.peer(**rebound):
            assert len(upstream.handshakes) == 1


HASH_OF_ANNA = "55579b557896d0ce1764c47fed644f9b35f58bad620674af23f356d80ed0c503"


@pytest.mark.parametrize(
    ("given", "headers", "told"),
    [
        (GUARD, {"Authorization": f"Bearer {TOKEN}"}, HASH_OF_ANNA),
        (GUARD, {"Authorization": f"Bearer {TOKEN}", "OpenAI-Safety-Identifier": "berta"}, HASH_OF_ANNA),
        (
            {"tokens": TOKEN},
            {"Authorization": f"Bearer {TOKEN}", "OpenAI-Safety-Identifier": "anna"},
            HASH_OF_ANNA,
        ),
        ({}, {"OpenAI-Safety-Identifier": "anna"}, HASH_OF_ANNA),
        ({}, {}, None),
    ],
)
async def test_the_api_is_told_for_whom(given, headers, told) -> None:
    """The API gets the subject's SHA-256 as its safety identifier; only who speaks for others may name the subject."""
    async with (
        scripted_upstream(read_all) as upstream,
        running(
            "openai", openai_base_url=upstream.url.removesuffix("/realtime"), openai_api_key="sk-own", **given
        ) as relay,
        relay.peer(additional_headers=headers),
    ):
        assert upstream.handshakes[0].headers.get("OpenAI-Safety-Identifier") == told


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"tokens_file": "/nowhere"}, "tokens_file: cannot read it"),
        ({"jwt": {"public_key": "/nowhere"}}, "jwt.public_key: cannot read the file"),
        ({"jwt": {"public_key": "-----BEGIN PUBLIC KEY-----\nx"}}, "jwt.public_key: is no public key"),
    ],
)
def test_files_that_cannot_be_used(given, words) -> None:
    """A file that should say who may come in, and cannot be read, stops the start."""
    with pytest.raises(SettingsError, match=words):
        Gate(load_settings(**given))


def test_a_file_with_a_wrong_line_stops_the_start(tmp_path) -> None:
    """A line of the tokens' file that cannot be used stops the start."""
    path = tmp_path / "tokens"
    path.write_text("short\n")
    with pytest.raises(SettingsError, match="tokens_file: line 1"):
        Gate(load_settings(tokens_file=path))
