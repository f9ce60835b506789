import pytest
from hypothesis import given
from hypothesis import strategies as st

from relay.core.closing import (
    ROWS,
    Cause,
    ended,
    fit_reason,
    peer_ended,
    refused_by_upstream,
    sendable_code,
    upstream_ended,
)
from relay.core.leg import Closed

SENDABLE = {*range(1000, 1004), *range(1007, 1015), *range(3000, 5000)}


def test_every_cause_has_a_row() -> None:
    """There is no end without a row."""
    assert set(ROWS) == set(Cause)


@pytest.mark.parametrize("cause", Cause)
def test_rows_can_be_sent(cause) -> None:
    """Each row's codes may be sent, its reason fits a close frame, and a refusal's status is an error."""
    row = ROWS[cause]
    assert {row.peer_code, row.upstream_code} <= SENDABLE | {None}
    assert len(ended(cause).reason.encode()) <= 123
    assert row.http_status is None or 400 <= row.http_status < 600


@pytest.mark.parametrize("cause", [cause for cause in Cause if ROWS[cause].message])
def test_messages_have_no_gaps(cause) -> None:
    """What a peer is told is a sentence with every blank filled in."""
    message = ended(cause, code=4000, status=418).message
    assert message is not None
    assert message.endswith(".")
    assert "{" not in message
    assert "None" not in message


@given(st.integers(0, 65535))
def test_codes_are_mapped_to_sendable_ones(code) -> None:
    """Whatever code comes in, one that may be sent goes out, and a sendable one goes out as it is."""
    assert sendable_code(code) in SENDABLE
    assert sendable_code(code) == code or code not in SENDABLE


@given(st.text())
def test_reasons_fit_a_close_frame(reason) -> None:
    """A reason is cut to 123 bytes between characters."""
    fitted = fit_reason(reason)
    assert reason.startswith(fitted)
    assert len(fitted.encode()) <= 123
    assert fitted == reason or len(fitted.encode()) > 119


@pytest.mark.parametrize(
    ("status", "cause", "told"),
    [
        (400, Cause.UPSTREAM_REJECTED, 400),
        (401, Cause.UPSTREAM_DENIED, 401),
        (403, Cause.UPSTREAM_DENIED, 403),
        (404, Cause.UPSTREAM_REJECTED, 404),
        (429, Cause.UPSTREAM_BUSY, 429),
        (500, Cause.UPSTREAM_BUSY, 502),
        (503, Cause.UPSTREAM_BUSY, 503),
        (504, Cause.UPSTREAM_BUSY, 504),
        (200, Cause.UPSTREAM_REJECTED, 502),
        (302, Cause.UPSTREAM_REJECTED, 502),
    ],
)
def test_an_upstreams_refusal_keeps_its_status(status, cause, told) -> None:
    """The upstream's status is passed on where it says something to the peer, else it is a bad gateway."""
    refused = refused_by_upstream(status)
    assert (refused.cause, refused.status) == (cause, told)


@pytest.mark.parametrize(
    ("closed", "cause"),
    [
        (Closed(1000), Cause.PEER_CLOSED),
        (Closed(1005), Cause.PEER_CLOSED),
        (Closed(1009), Cause.PEER_CLOSED),
        (Closed(1006), Cause.PEER_LOST),
        (Closed(1009, ours=True), Cause.PEER_TOO_BIG),
        (Closed(1007, ours=True), Cause.PEER_INVALID),
        (Closed(1002, ours=True), Cause.PEER_INVALID),
    ],
)
def test_a_peers_end(closed, cause) -> None:
    """A peer's end is told apart: it closed, it was lost, it broke the protocol or the limit."""
    assert peer_ended(closed).cause is cause


@pytest.mark.parametrize(
    ("closed", "cause"),
    [
        (Closed(1000), Cause.UPSTREAM_CLOSED),
        (Closed(3000), Cause.UPSTREAM_CLOSED),
        (Closed(1006), Cause.UPSTREAM_LOST),
        (Closed(1009, ours=True), Cause.UPSTREAM_TOO_BIG),
    ],
)
def test_an_upstreams_end(closed, cause) -> None:
    """An upstream's end is told apart: it closed, it was lost, it broke the limit."""
    assert upstream_ended(closed).cause is cause


@pytest.mark.parametrize(
    ("cause", "kind"), [(Cause.UPSTREAM_DENIED, "invalid_request_error"), (Cause.FULL, "server_error")]
)
def test_errors_have_the_apis_shape(cause, kind) -> None:
    """An error event of ours has the fields of the API's own, and its type tells whether to try again."""
    event = ended(cause, status=403).error("relay_x_1")
    assert set(event) == {"type", "event_id", "error"}
    assert set(event["error"]) == {"type", "code", "message", "param", "event_id"}
    assert event["error"]["type"] == kind
