"""Messages that may have to be sent again."""

import random

import pytest

from relay.core.unconfirmed import Unconfirmed, is_counted


def kept(*sizes: int, limit_bytes: int = 100, spare_bytes: int = 0) -> Unconfirmed:
    unconfirmed = Unconfirmed(limit_bytes, spare_bytes)
    for number, size in enumerate(sizes, 1):
        unconfirmed.add(str(number) * size)
    return unconfirmed


@pytest.mark.parametrize(
    ("confirmed", "received", "again"),
    [
        (0, 0, ["1", "2", "3"]),
        (0, 2, ["3"]),
        (0, 3, []),
        (1, 1, ["2", "3"]),
        (1, 2, ["3"]),
        (3, 3, []),
        (0, 4, None),  # more than there were
        (2, 1, None),  # less than it has proved to have
        (9, 3, []),  # a proof of more than there were is one of all
    ],
)
def test_what_is_sent_again(confirmed: int, received: int, again: list[str] | None) -> None:
    """Who comes back gets what is behind the last message that it has, if all of that is kept."""
    unconfirmed = kept(1, 1, 1)
    unconfirmed.confirm(confirmed)
    assert unconfirmed.has_all_after(received) == (again is not None)
    if again is not None:
        assert unconfirmed.after(received) == again


def test_no_more_is_kept_than_may_be() -> None:
    """Above the limit the oldest is forgotten, and a message that is larger by itself is not kept."""
    unconfirmed = kept(60, 30, 30)
    assert (unconfirmed.octets, unconfirmed.has_all_after(0), unconfirmed.has_all_after(1)) == (60, False, True)
    unconfirmed.add("4" * 101)
    assert (unconfirmed.octets, unconfirmed.has_all_after(3), unconfirmed.has_all_after(4)) == (0, False, True)


def test_a_little_is_kept_of_what_has_arrived() -> None:
    """A peer's library proves what its application has not read yet, so the latest is kept all the same."""
    unconfirmed = kept(20, 20, 20, spare_bytes=40)
    unconfirmed.confirm(3)
    assert unconfirmed.after(1) == ["2" * 20, "3" * 20]


@pytest.mark.parametrize(
    ("data", "counted"),
    [
        ('{"type":"session.created"}', True),
        ('{"type":"error","event_id":"relay_1_2"}', True),
        ('{"type":"relay.cost","event_id":"relay_1_2"}', False),
        ('{"event_id": "e", "type": "relay.cost"}', False),
        ('{"type":"relayed"}', True),
        ("relay.", True),
        (b'{"type":"relay.cost"}', True),
    ],
)
def test_what_has_a_number(data, counted) -> None:
    """Every message has a number but for the relay's own events, as each end can tell by the type alone."""
    assert is_counted(data) is counted


def test_any_order_of_proofs_and_losses() -> None:
    """Whatever is proved, forgotten and asked for, what is sent again is the end of what was sent, without a gap."""
    draw = random.Random(1)
    unconfirmed = Unconfirmed(200, 50)
    sent: list[str] = []
    for _ in range(3000):
        sent.append(f"{len(sent)}:" + "x" * draw.randrange(40))
        unconfirmed.add(sent[-1])
        if draw.random() < 0.1:
            unconfirmed.confirm(draw.randrange(len(sent) + 5))
        number = draw.randrange(max(0, len(sent) - 12), len(sent) + 2)
        if unconfirmed.has_all_after(number):
            assert unconfirmed.after(number) == sent[number:]
        assert unconfirmed.octets <= 200
        assert unconfirmed.has_all_after(len(sent))
