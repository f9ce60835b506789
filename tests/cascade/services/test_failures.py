"""relay.cascade.services.failures"""

from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import httpx2
import pytest

from relay.cascade.orders import Fault
from relay.cascade.services.failures import of_http, refused, unreachable
from relay.config.cascade import Address

HERE = Address(
    "http://127.0.0.1:8001/v1", "m", headers={"Authorization": "Bearer secret-of-mine", "X-Key": "other-one"}
)


@pytest.mark.parametrize(
    ("status", "fault"),
    [
        (301, Fault.REFUSED), (400, Fault.REFUSED), (401, Fault.REFUSED), (404, Fault.REFUSED), (408, Fault.BROKEN),
        (429, Fault.BUSY), (500, Fault.BROKEN), (502, Fault.BROKEN), (503, Fault.BUSY), (504, Fault.BROKEN),
    ],
)  # fmt: skip
def test_a_status_is_a_fault(status, fault) -> None:
    """Each status is one of the faults by which failures are counted."""
    failure = refused(HERE, status, {}, b"")
    assert (failure.fault, failure.status) == (fault, status)


def test_what_is_about_the_relay_is_told() -> None:
    """A refusal of a key or a model is told in the service's words, without secrets."""
    body = b'{"error": {"message": "no model m for secret-of-mine and sk-abcdefgh", "code": "model_not_found"}}'
    reason = refused(HERE, 404, {}, body).reason
    assert reason == "127.0.0.1:8001 answered 404: model_not_found: no model m for [redacted] and [redacted]"


def test_what_may_be_about_a_conversation_is_not_told() -> None:
    """A refusal of a request may quote what somebody said: its code is told, and its words are not."""
    body = b'{"error": {"message": "I will not answer: my name is Ada", "type": "invalid_request_error"}}'
    assert refused(HERE, 400, {}, body).reason == "127.0.0.1:8001 answered 400: invalid_request_error"


@pytest.mark.parametrize(
    "body", [b"", b"<html>nope</html>", b"\xff\xfe", b"[1]", b'{"error": [1]}', b'{"error": null}']
)
def test_any_body_will_do(body) -> None:
    """A refusal whose body is anything at all is told by its status."""
    assert refused(HERE, 500, {}, body).reason == "127.0.0.1:8001 answered 500"


@pytest.mark.parametrize(
    ("value", "seconds"), [("7", 7.0), ("0.5", 0.5), ("-3", 0.0), ("99999999", 3600.0), ("soon", None), ("nan", None)]
)
def test_a_wait_is_read_in_seconds(value, seconds) -> None:
    """`Retry-After` in seconds is taken for an hour at most; what is none is nothing."""
    assert refused(HERE, 429, {"retry-after": value}, b"").retry_after_s == seconds


def test_a_wait_is_read_as_a_date() -> None:
    """`Retry-After` may be a date."""
    at = format_datetime(datetime.now(UTC) + timedelta(seconds=100), usegmt=True)
    wait_s = refused(HERE, 503, {"retry-after": at}, b"").retry_after_s
    assert wait_s is not None
    assert 0 < wait_s <= 100


@pytest.mark.parametrize(
    ("failure", "fault"),
    [
        (httpx2.ConnectError("no"), Fault.UNREACHABLE),
        (httpx2.ProxyError("no"), Fault.UNREACHABLE),
        (httpx2.ReadError("no"), Fault.CUT_OFF),
        (httpx2.RemoteProtocolError("Server disconnected without sending a response."), Fault.CUT_OFF),
        (httpx2.RemoteProtocolError("illegal status line"), Fault.UNREADABLE),
    ],
)
def test_what_the_client_meets_is_a_fault(failure, fault) -> None:
    """What the HTTP client meets is told as what it is."""
    assert of_http(failure, HERE).fault is fault


def test_the_systems_word_is_told() -> None:
    """Where there is no connection the system's own word for it is told."""
    failure = httpx2.ConnectError("All connection attempts failed")
    failure.__cause__ = ExceptionGroup("all", [ConnectionRefusedError(111, "Connection refused")])
    assert unreachable(HERE, failure).reason == "127.0.0.1:8001 cannot be reached: Connection refused"
