"""What a peer and the log are told of an upstream that could not be had."""

import pytest

from relay.core.causes import ROWS, Cause
from relay.core.dial_failure import REASONS, DialFailed, DialFailure, Phase, Reason


@pytest.mark.parametrize("reason", Reason)
def test_every_reason_has_words_of_its_own(reason) -> None:
    """No two reasons have the same advice, and each tells the peer a sentence without a gap."""
    row = REASONS[reason]
    others = [other.advice for name, other in REASONS.items() if name is not reason and other.advice]
    assert row.advice not in others
    told = DialFailure(Phase.UPGRADE, reason, status=418).ended.message
    assert told is not None
    assert told.endswith(".")
    assert "{" not in told


@pytest.mark.parametrize("reason", Reason)
def test_only_a_refused_key_gets_advice_about_the_key(reason) -> None:
    """A reason without advice of its own gets the provider's, which is about the key; no other does."""
    about_the_key = {Reason.NO_TOKEN, Reason.KEY_REFUSED, Reason.NOT_ALLOWED}
    assert (REASONS[reason].advice == "") == (reason in about_the_key)
    assert "key" not in REASONS[reason].advice.lower() or reason is Reason.REDIRECTED


@pytest.mark.parametrize(
    ("reason", "status", "cause", "told"),
    [
        (Reason.NAME_UNKNOWN, None, Cause.UPSTREAM_UNREACHABLE, 502),
        (Reason.SILENT_TLS, None, Cause.UPSTREAM_TIMEOUT, 504),
        (Reason.NO_TOKEN, None, Cause.UPSTREAM_DENIED, 401),
        (Reason.KEY_REFUSED, 401, Cause.UPSTREAM_DENIED, 401),
        (Reason.NOT_UPGRADED, 200, Cause.UPSTREAM_REJECTED, 502),
        (Reason.NOT_FOUND, 404, Cause.UPSTREAM_REJECTED, 404),
        (Reason.RATE_LIMITED, 429, Cause.UPSTREAM_BUSY, 429),
        (Reason.QUOTA_SPENT, 429, Cause.UPSTREAM_EXHAUSTED, 429),
        (Reason.QUOTA_SPENT, 402, Cause.UPSTREAM_EXHAUSTED, 402),
        (Reason.SERVICE_FAILED, 522, Cause.UPSTREAM_BUSY, 502),
    ],
)
def test_the_end_of_a_reason(reason, status, cause, told) -> None:
    """Each reason is one end, with the HTTP status that the peer gets."""
    how = DialFailed(DialFailure(Phase.UPGRADE, reason, status=status)).ended
    assert (how.cause, how.status) == (cause, told)


def test_the_upstreams_words_go_to_the_peer() -> None:
    """What an upstream says in an error object, its own status and its request id are told to the peer."""
    failure = DialFailure(
        Phase.UPGRADE, Reason.SERVICE_FAILED, "10.0.0.7:443", "odd", 500, "req_1", "It broke.", is_quotable=True
    )
    assert failure.ended.message == (
        "The upstream failed (HTTP status 500). Try again later. It said: It broke. (Its request id: req_1)"
    )


@pytest.mark.parametrize(
    ("reason", "status", "quotable"), [(Reason.KEY_REFUSED, 401, True), (Reason.GATEWAY_FAILED, 502, False)]
)
def test_words_that_are_not_the_peers_affair(reason, status, quotable) -> None:
    """What is said about the relay's key, and a gateway's page, are for the log alone; so is every address."""
    failure = DialFailure(Phase.UPGRADE, reason, "10.0.0.7:443", "odd", status, "", "Secret words", quotable)
    assert failure.log_fields["said"] == "Secret words"
    assert "Secret" not in (failure.ended.message or "")
    assert "10.0.0.7" not in (failure.ended.message or "")


def test_an_exhausted_quota_is_not_for_later() -> None:
    """Where credit has run out nobody is told to come again, whatever the upstream's header says."""
    spent = DialFailure(Phase.UPGRADE, Reason.QUOTA_SPENT, status=429, retry_after="20").ended
    limited = DialFailure(Phase.UPGRADE, Reason.RATE_LIMITED, status=429, retry_after="20").ended
    assert (spent.retry_after, spent.retry_after_s) == (None, None)
    assert ROWS[spent.cause].peer_code == 4000
    assert (limited.retry_after, limited.retry_after_s) == ("20", 5)


def test_the_log_leaves_out_what_is_not_known() -> None:
    """Of a failure before any answer there are phase, reason, address and detail."""
    failure = DialFailure(Phase.NAME, Reason.NAME_UNKNOWN, "x.example:443", "no such name")
    assert failure.log_fields == {
        "phase": "name",
        "reason": "name_unknown",
        "address": "x.example:443",
        "detail": "no such name",
    }
