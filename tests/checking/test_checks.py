"""`relay check`: each check passes where it should, and fails where an endpoint does that one thing wrong."""

import json

import pytest

from relay.checking.check import Found, Verdict
from relay.checking.echoes import echo as check_echo
from relay.checking.endpoint import Endpoint, address
from relay.checking.run import CHECKS, Unreachable, run_checks
from relay.stand_ins.mock import serve_mock
from tests.fakes.rude import (
    closes_anyhow,
    deaf,
    echo_with,
    first_fragment_only,
    in_pairs_swapped,
    keeps_open,
    realtime,
    rude,
)
from tests.fakes.running import running
from tests.fakes.upstream import echo, scripted_upstream

TOKEN = "rt_the-token-of-this-test-0123"


async def verdicts(endpoint: Endpoint, *names: str, timeout_s: float = 120.0) -> dict[str, Verdict]:
    checks = [check for check in CHECKS if not names or check.name in names]
    return {verdict.name: verdict async for verdict in run_checks(endpoint, checks, timeout_s)}


def found(all_of: dict[str, Verdict], what: Found) -> dict[str, str]:
    return {name: verdict.reason for name, verdict in all_of.items() if verdict.found is what}


@pytest.mark.usefixtures("carrier")
async def test_the_relay_with_its_mock_passes() -> None:
    """Whatever applies to a relay with a Realtime upstream passes, its refusals included."""
    async with serve_mock() as mock, running(mock.url, tokens=TOKEN) as relay:
        all_of = await verdicts(Endpoint(relay.url + "?model=gpt-realtime-2.1", token=TOKEN, costly=True))
    assert found(all_of, Found.FAIL) == {}
    assert set(found(all_of, Found.NOT_APPLICABLE)) == OF_ECHOES


@pytest.mark.usefixtures("carrier")
async def test_the_relay_before_an_echo_passes() -> None:
    """A relay before an upstream that echoes is transparent to the byte."""
    async with scripted_upstream(echo) as upstream, running(upstream.url) as relay:
        all_of = await verdicts(Endpoint(relay.url, echoes=True))
    assert found(all_of, Found.FAIL) == {}
    assert {"byte-identity", "sizes", "sequence", "ping", "close"} <= set(found(all_of, Found.PASS))


OF_ECHOES = {"byte-identity", "opcodes", "sizes", "fragments", "sequence", "upstream-close"}

DEAF = ("subprotocol", "ping", "close", "half-close", "invalid-text", "stray-fragment")


async def test_an_endpoint_that_answers_nothing() -> None:
    """An endpoint that takes everything and answers nothing fails each check of the wire."""
    async with deaf() as url:
        all_of = await verdicts(Endpoint(url, patience_s=0.2), *DEAF)
    assert set(found(all_of, Found.FAIL)) == set(DEAF)


def reserialised(message: str | bytes) -> str | bytes:
    try:
        return json.dumps(json.loads(message))
    except ValueError:
        return message


def reversed_items() -> object:
    """Acknowledges every second item first."""
    waiting: list[dict[str, object]] = []

    def answer(event: dict[str, object]) -> str | None:
        waiting.append(event)
        if len(waiting) < 2:
            return None
        return json.dumps({"type": "conversation.item.added", "item": waiting.pop()["item"]})

    return answer


FAILING = {
    "byte-identity": (echo_with(reserialised), "came back as"),
    "opcodes": (
        echo_with(lambda message: message.decode("latin-1") if isinstance(message, bytes) else message),
        "text",
    ),
    "sizes": (echo_with(lambda message: message[:100_000]), "came back as 100000"),
    "fragments": (first_fragment_only, "came back as"),
    "sequence": (in_pairs_swapped, "came back as"),
    "upstream-close": (keeps_open, "still open after 0.2 s"),
    "first-event": (realtime(first={"type": "hello"}), "the first event is hello"),
    "session-update": (realtime(session_update={"type": "error", "error": {"message": "no"}}), "refused: no"),
    "error-shape": (realtime(relay_check_unheard_of={"type": "error", "error": "unknown event"}), "no object"),
    "malformed": (realtime(unreadable=None), "did not come"),
    "order": (realtime(conversation_item_create=reversed_items()), "check_1 came where check_0 was due"),
    "large-messages": (
        realtime(input_audio_buffer_clear={"type": "error", "error": {"message": "too big"}}),
        "too big",
    ),
    "slow-reader": (realtime(conversation_item_create=reversed_items()), "came where check_0 was due"),
    "answer": (realtime(), "was not completed"),
}


@pytest.mark.parametrize("name", FAILING)
async def test_a_check_can_fail(name) -> None:
    """An endpoint that does one thing wrong fails the check that looks for it, with words that say what it did."""
    manner, words = FAILING[name]
    async with rude(manner) as url:
        patience_s = 0.2 if name == "upstream-close" else 5.0
        all_of = await verdicts(
            Endpoint(url, echoes=name in OF_ECHOES, costly=True, patience_s=patience_s),
            name,
            timeout_s=1.0 if name == "malformed" else 120.0,
        )
    assert words in found(all_of, Found.FAIL)[name]


async def test_a_close_in_other_words() -> None:
    """A relay that closes its peer's connection in words of its own fails: the upstream's code and reason are due."""
    async with rude(closes_anyhow) as url:
        all_of = await verdicts(Endpoint(url, echoes=True), "upstream-close")
    assert found(all_of, Found.FAIL)["upstream-close"].endswith("; 1011 upstream gone came")


@pytest.mark.usefixtures("carrier")
async def test_a_close_that_is_forwarded(unused_tcp_port) -> None:
    """The relay before the check's own echo passes on its close; an echo that closes for nobody tells nothing."""
    there = f"ws://127.0.0.1:{unused_tcp_port}/v1/realtime"
    async with check_echo("127.0.0.1", unused_tcp_port), running(there) as relay:
        all_of = await verdicts(Endpoint(relay.url, echoes=True), "upstream-close")
    assert found(all_of, Found.PASS) == {"upstream-close": "4321 relay check"}
    async with rude(echo_with(lambda message: message)) as url:
        all_of = await verdicts(Endpoint(url, echoes=True), "upstream-close")
    assert set(found(all_of, Found.NOT_APPLICABLE)) == {"upstream-close"}


async def test_an_endpoint_that_wants_a_model() -> None:
    """Where no session opens without a model there is one sentence, however the endpoint says so."""
    async with serve_mock() as mock:
        with pytest.raises(Unreachable, match="needs a model; name one with --model"):
            await verdicts(Endpoint(mock.url))
        assert found(await verdicts(Endpoint(f"{mock.url}?model=m"), "ping"), Found.FAIL) == {}

    def refuse(connection, _):
        return connection.respond(400, '{"error":{"code":"x","param":"model","message":"which?"}}')

    async with rude(realtime(), process_request=refuse) as url:
        with pytest.raises(Unreachable, match="needs a model"):
            await verdicts(Endpoint(url))


async def test_a_subprotocol_that_does_not_exist() -> None:
    """An endpoint that chooses whatever is offered last fails."""
    async with rude(realtime(), select_subprotocol=lambda _, offered: (offered or [None])[-1]) as url:
        all_of = await verdicts(Endpoint(url), "subprotocol")
    assert "does not exist" in found(all_of, Found.FAIL)["subprotocol"]


@pytest.mark.parametrize(("status", "fails"), [(401, False), (500, True)])
async def test_a_wrong_credential_and_its_status(status, fails) -> None:
    """A wrong credential has to be refused as such."""

    def gate(connection, request):
        right = request.headers.get("Authorization") == f"Bearer {TOKEN}"
        return None if right else connection.respond(status, "")

    async with rude(realtime(), process_request=gate) as url:
        all_of = await verdicts(Endpoint(url, token=TOKEN), "wrong-credential")
    assert (all_of["wrong-credential"].found is Found.FAIL) == fails


async def test_an_open_endpoint_cannot_refuse() -> None:
    """Where everybody gets in, a wrong credential tells nothing."""
    async with rude(realtime()) as url:
        all_of = await verdicts(Endpoint(url, token=TOKEN), "wrong-credential")
    assert all_of["wrong-credential"].found is Found.NOT_APPLICABLE


async def test_every_check_is_shown_to_fail() -> None:
    """No check is left without an endpoint that fails it."""
    assert {check.name for check in CHECKS} == {*DEAF, *FAILING, "wrong-credential"}


async def test_nobody_is_there() -> None:
    """Where nothing listens, or a credential is asked for, there is one sentence instead of twenty failures."""
    with pytest.raises(Unreachable, match="Is it running"):
        await verdicts(Endpoint("ws://127.0.0.1:1/"))
    async with scripted_upstream(echo) as upstream, running(upstream.url, tokens=TOKEN) as relay:
        with pytest.raises(Unreachable, match="HTTP 401; give a credential"):
            await verdicts(Endpoint(relay.url))


@pytest.mark.parametrize(
    ("given", "meant"),
    [
        ("127.0.0.1:8000", "ws://127.0.0.1:8000/v1/realtime?model=m"),
        ("https://relay.example.org", "wss://relay.example.org/v1/realtime?model=m"),
        ("wss://x.example/voice/v1/realtime?profile=a", "wss://x.example/voice/v1/realtime?profile=a&model=m"),
    ],
)
def test_addresses(given, meant) -> None:
    """A page's address or a bare host is enough."""
    assert address(given, "m") == meant


def test_a_place_shows_no_credential() -> None:
    """A credential is in no trace."""
    assert TOKEN not in repr(Endpoint("ws://x/", token=TOKEN, headers={"X-Key": TOKEN}))
