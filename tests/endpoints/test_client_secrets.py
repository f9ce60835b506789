"""`POST /v1/realtime/client_secrets`, asked by the API's own package and by hand."""

import json
from time import time
from typing import Any

import httpx2 as httpx
import pytest
from openai import AsyncOpenAI, AuthenticationError
from openai.types.realtime import ClientSecretCreateResponse

from relay.admission.tickets import Ticket, TicketSigner
from relay.endpoints.ticket_request import BODY_LIMIT_BYTES
from relay.telemetry.metrics import NO_TICKET, REQUEST_INVALID
from tests.fakes.http_client import http_client
from tests.fakes.running import Running, running
from tests.fakes.upstream import scripted_upstream

TOKEN = "rt_the-shops-token-012345"
ANNAS_TOKEN = "rt_annas-token-0123456789"
SECRET = "the secret of the tickets, long enough"
MUSEUM = {"model": "gpt-realtime-2.1", "voice": "marin", "instructions": "Be kind.", "lock": ["instructions", "model"]}
GUARD: dict[str, Any] = {
    "tokens": [{"token": TOKEN}, {"token": ANNAS_TOKEN, "subject": "anna", "profile": "museum"}],
    "ticket_secret": SECRET,
    "profiles": {"museum": MUSEUM, "minutes": {"type": "transcription"}},
}
NOWHERE = "ws://127.0.0.1:1/"


def read(value: str) -> Ticket:
    return TicketSigner(SECRET.encode()).read(value, time())


async def mint(relay: Running, body: Any = None, token: str | None = TOKEN, **headers: str) -> httpx.Response:
    if token is not None:
        headers["Authorization"] = f"Bearer {token}"
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    async with http_client(base_url=relay.http, timeout=None) as http:
        return await http.post("/v1/realtime/client_secrets", content=content, headers=headers)


async def test_the_apis_own_package_mints_and_connects() -> None:
    """The `openai` package, told the relay's address alone, mints a ticket with a session and opens one with it."""
    async with scripted_upstream() as upstream, running(upstream.url, **GUARD) as relay:
        shop = AsyncOpenAI(api_key=TOKEN, base_url=f"{relay.http}/v1")
        made = await shop.realtime.client_secrets.create(
            session={"type": "realtime", "audio": {"output": {"speed": 1.1}}},
            expires_after={"anchor": "created_at", "seconds": 30},
            extra_body={"relay": {"profile": "museum", "limits": {"cost_usd": 0.5, "session_minutes": 5}}},
            extra_headers={"OpenAI-Safety-Identifier": "berta"},
        )
        assert made.value.startswith("ek_")
        assert read(made.value) == Ticket(
            made.expires_at, "museum", "berta", None, {"cost_usd": 0.5, "session_minutes": 5},
            {"type": "realtime", "audio": {"output": {"speed": 1.1}}},
        )  # fmt: skip
        assert 28 <= made.expires_at - time() <= 30
        browser = AsyncOpenAI(api_key=made.value, base_url=f"{relay.http}/v1")
        async with browser.realtime.connect(model="gpt-realtime-2.1") as connection:
            injected = json.loads(await connection.recv_bytes())["session"]
        assert injected["audio"]["output"] == {"speed": 1.1, "voice": "marin"}
        await shop.close()
        await browser.close()


SESSIONS: list[tuple[str, dict[str, Any]]] = [
    ("default", {}),
    ("default", {"type": "realtime", "model": "gpt-realtime-2", "instructions": "Sing.", "max_output_tokens": "inf"}),
    ("default", {"type": "realtime", "tools": [{"type": "function", "name": "now", "parameters": {"type": "object"}}]}),
    ("default", {"type": "realtime", "audio": {"input": {"turn_detection": {"type": "semantic_vad"}}}}),
    ("default", {"type": "transcription", "audio": {"input": {"transcription": {"model": "gpt-live-transcribe"}}}}),
    ("minutes", {"type": "transcription", "include": ["item.input_audio_transcription.logprobs"]}),
    ("museum", {"type": "realtime", "audio": {"output": {"voice": "ash"}}}),
]


@pytest.mark.parametrize(("profile", "session"), SESSIONS)
async def test_the_answer_is_the_apis(profile, session) -> None:
    """The answer validates as the API's own, and shows the session as it will be, without locked instructions."""
    async with running(NOWHERE, **GUARD) as relay:
        answer = await mint(relay, {"session": session or None, "relay": {"profile": profile}})
    assert answer.status_code == 200, answer.text
    assert answer.headers["cache-control"] == "no-store"
    made = ClientSecretCreateResponse.model_validate(answer.json(), strict=True)
    shown = answer.json()["session"]
    assert made.session.type == session.get("type", "realtime")
    assert session.items() <= {**shown, "audio": session.get("audio")}.items() or profile == "museum"
    assert ("instructions" in shown) == ("instructions" in session)
    assert abs(made.expires_at - time() - 600) < 5


async def test_locked_fields_cannot_be_minted_away() -> None:
    """What the profile locks is left out of the ticket, however it is spelt; the rest is in it."""
    session = {"type": "realtime", "instructions": "Be rude.", "model": "dear", "prompt": {"id": "pmpt_1"},
               "tool_choice": "none"}  # fmt: skip
    async with running(NOWHERE, **GUARD) as relay:
        answer = (await mint(relay, {"session": session, "relay": {"profile": "museum"}})).json()
    assert read(answer["value"]).session == {"type": "realtime", "tool_choice": "none"}
    assert (answer["session"]["model"], answer["session"]["tool_choice"]) == ("gpt-realtime-2.1", "none")
    assert "Be " not in json.dumps(answer)


SHOP = {
    "type": "mcp",
    "server_label": "shop",
    "server_url": "https://shop.example/mcp",
    "authorization": "token-of-the-shop",
    "headers": {"X-Tenant-Key": "key-of-the-tenant"},
}


@pytest.mark.parametrize(
    ("lock", "shown"),
    [([], [{name: SHOP[name] for name in ("type", "server_label", "server_url")}]), (["tools"], None)],
)
@pytest.mark.parametrize("path", ["client_secrets", "sessions"])
async def test_whoever_mints_learns_no_secret_of_a_profile(lock, shown, path) -> None:
    """The answer shows MCP tools without what opens their servers, and no tools where these are locked."""
    profiles = {"default": {"tools": [SHOP], "lock": lock}}
    async with running(NOWHERE, profiles=profiles) as relay, http_client(base_url=relay.http) as http:
        answer = await http.post(f"/v1/realtime/{path}", json={})
        made = answer.json()
    assert answer.status_code == 200
    assert made.get("session", made).get("tools") == shown
    assert "-of-the-" not in answer.text


async def test_a_caller_with_a_name_mints_for_itself() -> None:
    """A credential with a subject and a profile mints for these alone, within its own limits."""
    async with running(NOWHERE, **GUARD) as relay:
        answer = await mint(relay, {}, ANNAS_TOKEN, **{"OpenAI-Safety-Identifier": "berta"})
        made = read(answer.json()["value"])
        assert (made.subject, made.profile) == ("anna", "museum")
        answer = await mint(relay, {"relay": {"profile": "minutes"}}, ANNAS_TOKEN)
        assert (answer.status_code, answer.json()["error"]["code"]) == (403, "profile_refused")


async def test_a_tickets_limits_stay_within_its_makers() -> None:
    """Where both the caller's credential and its request name a limit, the smaller one counts."""
    import jwt  # noqa: PLC0415

    secret = "the secret of the sign-in, long enough"
    limits = {"cost_usd": 1, "session_minutes": 10}
    caller = jwt.encode({"sub": "anna", "exp": time() + 60, "relay_limits": limits}, secret)
    async with running(NOWHERE, jwt={"secret": secret}, ticket_secret=SECRET) as relay:
        made = read((await mint(relay, {"relay": {"limits": {"cost_usd": 5}}}, caller)).json()["value"])
        assert made.limits == {"cost_usd": 1, "session_minutes": 10}
        made = read((await mint(relay, {"relay": {"limits": {"session_minutes": 2}}}, caller)).json()["value"])
        assert made.limits == {"cost_usd": 1, "session_minutes": 2}


@pytest.mark.parametrize(("outlive", "lifetime_s"), [(False, 60), (True, 7200)])
async def test_a_ticket_does_not_outlive_what_it_was_made_with(outlive, lifetime_s) -> None:
    """A ticket ends with the JWT that it was minted with, unless the settings say that it may last longer."""
    import jwt  # noqa: PLC0415

    secret = "the secret of the sign-in, long enough"
    asked = {"expires_after": {"anchor": "created_at", "seconds": 7200}}
    async with running(
        NOWHERE, jwt={"secret": secret, "tickets_outlive": outlive}, ticket_secret=SECRET, tokens=TOKEN
    ) as relay:
        now = int(time())
        made = (await mint(relay, asked, jwt.encode({"sub": "anna", "exp": now + 60}, secret))).json()
        assert made["expires_at"] == read(made["value"]).expires_at
        assert 0 <= made["expires_at"] - now - lifetime_s <= (60 if outlive else 0)
        over = await mint(relay, asked, jwt.encode({"sub": "anna", "exp": now - 5}, secret))
        assert over.status_code == (200 if outlive else 401)
        made = (await mint(relay, asked)).json()
        assert made["expires_at"] >= now + 7200  # a token has no end


async def test_who_may_not_mint() -> None:
    """Without a credential there is no ticket, nor for a ticket, which could else be renewed for ever."""
    async with running(NOWHERE, **GUARD) as relay:
        for token, code in [(None, "credentials_missing"), ("sk-something", "credentials_refused")]:
            answer = await mint(relay, {}, token)
            assert (answer.status_code, answer.json()["error"]["code"]) == (401, code)
            assert answer.headers["WWW-Authenticate"] == "Bearer"
        made = (await mint(relay, {})).json()["value"]
        answer = await mint(relay, {}, made)
        assert (answer.status_code, answer.json()["error"]["code"]) == (401, "credentials_refused")
        async with AsyncOpenAI(api_key="sk-something", base_url=f"{relay.http}/v1") as stranger:
            with pytest.raises(AuthenticationError):
                await stranger.realtime.client_secrets.create()


async def test_an_open_relay_mints_for_anybody() -> None:
    """On an open relay an app can be written as if it were guarded: tickets are made, and they work."""
    async with scripted_upstream() as upstream, running(upstream.url) as relay:
        made = (await mint(relay, b"", None)).json()["value"]
        async with relay.peer(subprotocols=["realtime", f"openai-insecure-api-key.{made}"]) as peer:
            assert peer.subprotocol == "realtime"


WRONG: list[tuple[Any, str]] = [
    (b"{", "the body is no JSON"),
    (b"[" * 100_000, "the body is no JSON"),
    (b"\xff", "the body is no JSON"),
    (b'{"session":{"type":"realtime","tools":' + b"[" * 300 + b"]" * 300 + b"}}", "the body is nested more than 100"),
    (b'{"session":{"tracing":{"metadata":' + b'{"a":' * 900 + b"1" + b"}" * 903, "the body is nested more than 100"),
    (b'{"relay":' + b'{"a":' * 150 + b"1" + b"}" * 151, "the body is nested more than 100"),
    (b'{"session":{"instructions":"\\ud83d"}}', "the body is no JSON"),
    (b'{"session":{"max_output_tokens":NaN}}', "the body is no JSON"),
    ([], "the body: must be an object"),
    ({"expires": 1}, "expires: there is no such field in the body"),
    ({"expires_after": 60}, "expires_after: must be an object"),
    ({"expires_after": {"anchor": "now"}}, "expires_after.anchor: must be created_at"),
    ({"expires_after": {"seconds": 9}}, "expires_after.seconds: must be a whole number from 10 to 7200"),
    ({"expires_after": {"seconds": 7201}}, "expires_after.seconds: must be"),
    ({"expires_after": {"seconds": True}}, "expires_after.seconds: must be"),
    ({"expires_after": {"seconds": "60"}}, "expires_after.seconds: must be"),
    ({"session": "x"}, "session: must be an object"),
    ({"session": {"type": "song"}}, "session.type: must be one of"),
    ({"session": {"type": ["realtime"]}}, "session.type: must be one of"),
    ({"session": {"type": "realtime", "voize": "ash"}}, "session.voize: "),
    ({"session": {"type": "realtime", "tools": 7}}, "session.tools: "),
    ({"session": {"type": "transcription"}, "relay": {"profile": "museum"}}, "session.type: this profile"),
    ({"session": {"instructions": "".join(map(str, range(9000)))}}, "the ticket would have"),
    ({"relay": {"profile": 7}}, "relay.profile: must be a string"),
    ({"relay": {"subject": "anna"}}, "subject: there is no such field in relay"),
    ({"relay": {"limits": {"wishes": 3}}}, "relay.limits.wishes: there is no such limit"),
    ({"relay": {"limits": {"cost_usd": 0}}}, "relay.limits.cost_usd: must be a number above 0"),
    ({"relay": {"limits": {"cost_usd": True}}}, "relay.limits.cost_usd: must be a number above 0"),
    (b" " * (BODY_LIMIT_BYTES + 1), "the body has more than"),
]  # fmt: skip


async def test_what_is_wrong_is_told_by_its_field() -> None:
    """A request that cannot be met is 400 with the API's error object, which names the field."""
    async with running(NOWHERE, **GUARD) as relay:
        for body, words in WRONG:
            answer = await mint(relay, body)
            error = answer.json()["error"]
            assert (answer.status_code, error["type"]) == (400, "invalid_request_error"), body
            assert error["message"].startswith(words)
            assert error["param"] == (words.partition(":")[0] if ":" in words else None)
        answer = await mint(relay, {"relay": {"profile": "gone"}})
        assert (answer.status_code, answer.json()["error"]["code"]) == (404, "profile_unknown")


async def test_pages_that_may_mint() -> None:
    """A page of an allowed origin may ask for tickets, after its browser has asked whether it may; another may not."""
    page, other = "https://museum.example", "https://elsewhere.example"
    asked = {"Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": "authorization,content-type"}
    async with (
        running(NOWHERE, **GUARD, allowed_origins=page) as relay,
        http_client(base_url=relay.http, timeout=None) as http,
    ):
        preflight = await http.options("/v1/realtime/client_secrets", headers={"Origin": page, **asked})
        assert (preflight.status_code, preflight.headers["access-control-allow-origin"]) == (200, page)
        assert "authorization" in preflight.headers["access-control-allow-headers"].lower()
        assert "Origin" in preflight.headers["vary"]
        refused = await http.options("/v1/realtime/client_secrets", headers={"Origin": other, **asked})
        assert refused.status_code == 400
        assert "access-control-allow-origin" not in refused.headers
        answer = await mint(relay, {}, Origin=page)
        assert (answer.status_code, answer.headers["access-control-allow-origin"]) == (200, page)
        answer = await mint(relay, {}, Origin=other)
        assert (answer.status_code, answer.json()["error"]["code"]) == (403, "origin_refused")
        assert "access-control-allow-origin" not in answer.headers
        assert (await http.options("/v1/realtime/client_secrets")).headers["allow"] == "POST"


async def test_the_package_as_it_asked_for_sessions_of_the_beta() -> None:
    """The `openai` package's beta client mints a ticket with a flat session, and gets it back as it was said."""
    async with (
        running(NOWHERE, **GUARD) as relay,
        AsyncOpenAI(api_key=TOKEN, base_url=f"{relay.http}/v1") as shop,
    ):
        made = await shop.beta.realtime.sessions.create(
            modalities=["audio", "text"], voice="ash", temperature=0.7, speed=1.1,
            client_secret={"expires_after": {"anchor": "created_at", "seconds": 30}},
            extra_body={"relay": {"profile": "museum"}},
        )  # fmt: skip
        assert (made.modalities, made.voice, made.temperature) == (["audio", "text"], "ash", 0.7)
        ticket = read(made.client_secret.value)
        assert (ticket.profile, ticket.expires_at) == ("museum", made.client_secret.expires_at)
        assert ticket.session == {
            "type": "realtime", "output_modalities": ["audio"], "audio": {"output": {"voice": "ash", "speed": 1.1}},
        }  # fmt: skip
        assert "instructions" not in made.model_dump(exclude_unset=True)
        words = await shop.beta.realtime.transcription_sessions.create(
            input_audio_format="g711_ulaw", extra_body={"relay": {"profile": "minutes"}}
        )
        assert words.input_audio_format == "g711_ulaw"
        assert read(words.client_secret.value).session["type"] == "transcription"


@pytest.mark.parametrize(
    "body",
    [
        b"{",
        b"[]",
        b'{"tools":' + b"[" * 300 + b"]" * 300 + b"}",
        b'{"turn_detection": {"type": "server_vad", "threshold": "loud"}}',
    ],
)
async def test_a_wrong_request_of_the_beta(body) -> None:
    """A beta request that cannot be read, or asks for what no session is, is told what is wrong."""
    async with running(NOWHERE, **GUARD) as relay, http_client(base_url=relay.http, timeout=None) as http:
        headers = {"Authorization": f"Bearer {TOKEN}"}
        answer = await http.post("/v1/realtime/sessions", content=body, headers=headers)
    assert answer.status_code == 400
    assert answer.json()["error"]["message"]


async def test_tickets_that_are_refused_are_counted() -> None:
    """By the cause that its caller is told, or as a wrong request; each reason is a series from the start."""
    wrong = {"session": {"type": "nonsense"}}
    async with running(NOWHERE, **GUARD) as relay:
        asked = ((wrong, TOKEN), (None, None), (None, "another-token-0123456789"), ({"relay": {"profile": "x"}}, TOKEN))
        statuses = [(await mint(relay, body, token)).status_code for body, token in asked]
        assert all(status >= 400 for status in statuses)
        counted = {
            reason: relay.metrics.registry.get_sample_value("relay_tickets_refused_total", {"reason": reason})
            for reason in (*NO_TICKET, REQUEST_INVALID)
        }
    assert {reason: count for reason, count in counted.items() if count} == {
        "request_invalid": 1,
        "credentials_missing": 1,
        "credentials_refused": 1,
        "profile_unknown": 1,
    }
    assert None not in counted.values()
