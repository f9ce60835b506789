import pytest

from relay.core.causes import Cause
from relay.core.closing import ended, peer_ended, refused_by_upstream, upstream_ended
from relay.core.leg import Closed


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
