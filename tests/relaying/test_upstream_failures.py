"""What the peer and the log are told when a session's upstream cannot be had, from end to end."""

import json
from typing import Any

import pytest
from structlog.testing import capture_logs
from websockets.exceptions import InvalidStatus

from tests.fakes.raw_upstream import Answer, raw_upstream, saying
from tests.fakes.running import end_of, running

pytestmark = pytest.mark.usefixtures("carrier")

KEY = "sk-the-relays-own-key"


def refusing(status: str, *headers: str, message: str = f"No, not with {KEY}.", code: str = "some_code") -> Answer:
    body = json.dumps({"error": {"message": message, "code": code, "type": code}}).encode()
    return saying(status, "x-request-id: req_1", *headers, body=body)


async def told(answer: Answer) -> tuple[InvalidStatus, Any, Any]:
    """What an SDK gets where the upstream answers so: its exception, the error object, and the log's line."""
    async with (
        raw_upstream(answer) as port,
        running(f"ws://127.0.0.1:{port}/v1?token=hidden", OPENAI_API_KEY=KEY) as relay,
    ):
        with capture_logs() as logs, pytest.raises(InvalidStatus) as refusal:
            await relay.peer()
    [line] = [log for log in logs if log["event"] == "upstream.refused"]
    body = refusal.value.response.body or b""
    assert KEY not in f"{body!r}{logs}"
    assert "hidden" not in f"{body!r}{logs}"
    return refusal.value, json.loads(body)["error"], line


async def test_the_log_says_why() -> None:
    """The line has phase, reason, address, the upstream's status, words and request id, and advice for that reason."""
    _, _, line = await told(refusing("500 Oh"))
    address = line.pop("address")
    assert address.startswith("127.0.0.1:")
    assert line == {
        "event": "upstream.refused",
        "log_level": "warning",
        "provider": "127.0.0.1",
        "cause": "upstream_busy",
        "status": 502,
        "phase": "upgrade",
        "reason": "service_failed",
        "upstream_status": 500,
        "request_id": "req_1",
        "said": "No, not with [redacted].",
        "advice": "The service failed: look at its status page or log, and give its support the request id.",
    }


async def test_an_sdk_is_told_why() -> None:
    """The error object has the upstream's own status, words and request id, and no address."""
    refusal, error, _ = await told(refusing("500 Oh", message="It broke."))
    assert refusal.response.status_code == 502
    assert error["code"] == "upstream_busy"
    assert error["message"] == (
        "The upstream failed (HTTP status 500). Try again later. It said: It broke. (Its request id: req_1)"
    )


async def test_a_page_is_told_why() -> None:
    """A page gets the same sentence in its error event."""
    async with (
        raw_upstream(refusing("404 No", message="No such model.")) as port,
        running(f"ws://127.0.0.1:{port}") as relay,
        relay.peer(additional_headers={"origin": relay.http}, subprotocols=["realtime"]) as page,
    ):
        [event], code, reason = await end_of(page)
    assert (code, reason) == (4000, "upstream_rejected")
    assert "It said: No such model." in json.loads(event)["error"]["message"]


async def test_a_refused_key_is_the_operators_affair() -> None:
    """What an upstream says about the relay's key is in the log, with the provider's advice, and not with the peer."""
    refusal, error, line = await told(refusing("401 No"))
    assert (refusal.response.status_code, error["code"]) == (401, "upstream_denied")
    assert "said" not in error["message"]
    assert line["said"] == "No, not with [redacted]."
    assert "OPENAI_API_KEY" in line["advice"]


async def test_a_gateways_page_is_the_operators_affair() -> None:
    """Of a page the log has the title, the peer nothing."""
    page = b"<html><title>502 Bad Gateway</title><h1>nginx</h1></html>"
    _, error, line = await told(saying("502 Bad Gateway", "Content-Type: text/html", body=page))
    assert line["said"] == "502 Bad Gateway"
    assert "nginx" not in json.dumps(error)
    assert "It said" not in error["message"]


@pytest.mark.parametrize("when", ["20", "Wed, 21 Oct 2026 07:28:00 GMT"])
async def test_a_peer_is_told_when_to_come_again(when) -> None:
    """An upstream's `Retry-After` is passed on as it was, in seconds or as a date."""
    refusal, _, line = await told(refusing("429 Slow", f"Retry-After: {when}", code="rate_limit_exceeded"))
    assert refusal.response.headers["Retry-After"] == line["retry_after"] == when


async def test_a_spent_quota_is_not_for_later() -> None:
    """An account without credit is told as such, in the upstream's words, and nobody is told to come again."""
    message = "You exceeded your current quota, please check your plan and billing details."
    answer = refusing("429 Too Many Requests", "Retry-After: 20", message=message, code="insufficient_quota")
    refusal, error, line = await told(answer)
    assert (refusal.response.status_code, error["code"]) == (429, "upstream_exhausted")
    assert "Retry-After" not in refusal.response.headers
    assert message in error["message"]
    assert "again later" not in error["message"]
    assert (line["reason"], line["said"]) == ("quota_spent", message)
    assert "billing" in line["advice"]


async def test_nobody_is_there() -> None:
    """Where nothing listens the log has the address, the peer a sentence."""
    async with running("ws://127.0.0.1:1/v1") as relay:
        with capture_logs() as logs, pytest.raises(InvalidStatus) as refusal:
            await relay.peer()
    [line] = [log for log in logs if log["event"] == "upstream.refused"]
    assert (line["phase"], line["reason"], line["address"]) == ("connect", "connection_refused", "127.0.0.1:1")
    error = json.loads(refusal.value.response.body or b"")["error"]
    assert (refusal.value.response.status_code, error["code"]) == (502, "upstream_unreachable")
    assert error["message"] == "The upstream refused the connection. Try again later."
