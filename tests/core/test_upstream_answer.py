"""How an upstream's refusal is read."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from relay.core.dial_failure import Reason
from relay.core.redaction import Secrets
from relay.core.upstream_answer import one_line, read_answer

KEY = "sk-the-relays-own-key"
redact = Secrets([KEY]).redact


def answer(status: int, body: object = b"", **headers: str):
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    return read_answer(status, {name.replace("_", "-"): value for name, value in headers.items()}, raw, redact)


@pytest.mark.parametrize(
    ("body", "said", "quotable"),
    [
        ({"error": {"message": "No such model.", "code": "model_not_found"}}, "No such model.", True),
        ({"error": "Blocked by policy"}, "Blocked by policy", True),
        ({"message": "Unauthorized"}, "Unauthorized", True),
        ({"detail": "Not Found"}, "Not Found", True),
        ({"code": "x", "error": "Your team has no credits."}, "Your team has no credits.", True),
        ({"error": {"message": {"nested": 1}}}, '{"error": {"message": {"nested": 1}}}', False),
        ({"error": {"message": "<b>No</b>"}}, "<b>No</b>", False),
        ([1, 2], "[1, 2]", False),
        (b"upstream connect error", "upstream connect error", False),
        (b"<html><head><title>502 Bad\n Gateway</title></head><body>nginx</body></html>", "502 Bad Gateway", False),
        (b"<p>Sorry <b>you</b> <script>no()</script> wait</p>", "Sorry you wait", False),
        (b"\xff\xfe", "\ufffd\ufffd", False),
        (b"", "", False),
    ],
    ids=range(13),
)
def test_what_an_answer_says(body, said, quotable) -> None:
    """The words are found in error objects of several shapes, in plain text, and in a page's title."""
    read = answer(400, body)
    assert (read.said, read.is_quotable) == (said, quotable)


@pytest.mark.parametrize(
    "error",
    [
        {"code": "insufficient_quota"},
        {"type": "insufficient_quota", "code": None},
        {"code": "billing_hard_limit_reached"},
        {"code": "INSUFFICIENT_QUOTA"},
    ],
)
@pytest.mark.parametrize("status", [400, 403, 429])
def test_a_quota_that_is_spent(status, error) -> None:
    """A spent quota is told apart from a rate limit by the error's code or type, whichever status it comes with."""
    assert answer(status, {"error": {**error, "message": "You exceeded your current quota."}}).reason is (
        Reason.QUOTA_SPENT
    )


@pytest.mark.parametrize("body", [{"error": {"code": "rate_limit_exceeded"}}, {"error": {"code": 7}}, b"", b"<html>"])
def test_a_rate_limit(body) -> None:
    """Any other 429 is a rate limit, which passes."""
    assert answer(429, body).reason is Reason.RATE_LIMITED


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("20", "20"),
        ("Wed, 21 Oct 2026 07:28:00 GMT", "Wed, 21 Oct 2026 07:28:00 GMT"),
        ("soon", ""),
        ("-1", ""),
        ("1e9", ""),
    ],
)
def test_when_to_come_again(given, kept) -> None:
    """`Retry-After` is kept as it was, seconds or a date, and nothing that is neither."""
    assert answer(503, retry_after=given).retry_after == kept


def test_the_request_id() -> None:
    """The id is the API's own header's, else that of a gateway; what is none is not shown."""
    assert answer(500, x_request_id="req_1", cf_ray="8f").request_id == "req_1"
    assert answer(500, cf_ray="8f3-AMS").request_id == "8f3-AMS"
    assert answer(500, x_request_id="a b").request_id == ""


@pytest.mark.parametrize(
    ("text", "line"),
    [
        (f"Incorrect API key provided: {KEY}.", "Incorrect API key provided: [redacted]."),
        ("Incorrect API key provided: sk-proj-abc***xyz.", "Incorrect API key provided: [redacted]"),
        ("header was Bearer abc.def", "header was [redacted]"),
        ("a\r\nb\tc\x1b[31m", "a b c [31m"),
        ("task-force and disk-drive-controller", "task-force and disk-drive-controller"),
    ],
)
def test_words_that_fit_a_line(text, line) -> None:
    """Secrets, what looks like a key, and what would move a terminal's cursor are taken out."""
    assert one_line(text, redact) == line


@given(st.text(max_size=40), st.integers(0, 400), st.text(max_size=400))
def test_no_cut_leaves_half_a_secret(before, padding, after) -> None:
    """Wherever a secret stands, not even the beginning of it is left, and the line is cut between characters."""
    line = one_line(before + "x" * padding + " " + KEY + " " + after, redact)
    assert KEY[:12] not in line.replace(before, "")
    assert len(line.encode()) <= 300
