import pytest

from relay.core.causes import ROWS, Cause
from relay.core.closing import ended
from tests.core.test_close_codes import SENDABLE


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
