"""Tickets, and everything that only looks like one."""

import hashlib
import re
import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from relay.admission.identity import Identity
from relay.admission.tickets import (
    LENGTH_LIMIT,
    Ticket,
    TicketExpired,
    TicketInvalid,
    TicketSigner,
    TicketTooLarge,
    looks_like_ticket,
)

SIGNER = TicketSigner(b"a secret of the test")
TICKET = Ticket(1000, "museum", "anna", "https://museum.example", {"cost_usd": 0.5}, {"type": "realtime"})
WRITTEN = SIGNER.write(TICKET)
CHARACTERS = string.ascii_letters + string.digits + "-_.=~ é\0"

names = st.text(max_size=20)
tickets = st.builds(
    Ticket,
    st.integers(1, 2**40),
    names,
    st.none() | names,
    st.none() | names,
    st.dictionaries(names, st.floats(0.01, 100)),
    st.dictionaries(names, st.text(max_size=50) | st.booleans() | st.lists(st.integers(0, 9))),
)


@given(tickets)
def test_a_ticket_says_what_was_written(ticket) -> None:
    """Until its time is over, a ticket says what was written into it, in characters that a subprotocol may have."""
    text = SIGNER.write(ticket)
    assert SIGNER.read(text, ticket.expires_at - 0.1) == ticket
    assert re.fullmatch(r"ek_[A-Za-z0-9_.-]+", text)
    assert looks_like_ticket(text)


def test_who_comes_with_a_ticket() -> None:
    """A ticket's peer is its subject, in its profile, with its limits and its session."""
    identity = Identity("anna", "museum", {"cost_usd": 0.5}, {"type": "realtime"}, is_ticket=True)
    assert SIGNER.read(WRITTEN, 0).identity == identity


@pytest.mark.parametrize("now", [1000, 1000.5, 2**40])
def test_a_ticket_ends(now) -> None:
    """From the second of its end on, a ticket opens nothing."""
    with pytest.raises(TicketExpired):
        SIGNER.read(WRITTEN, now)


@given(st.integers(0, len(WRITTEN) - 1), st.sampled_from(CHARACTERS))
def test_a_changed_character_is_seen(place, character) -> None:
    """A ticket with any character changed is no ticket; it has no second spelling."""
    changed = WRITTEN[:place] + character + WRITTEN[place + 1 :]
    if changed != WRITTEN:
        with pytest.raises(TicketInvalid):
            SIGNER.read(changed, 0)


@given(st.integers(0, len(WRITTEN)), st.integers(0, 8), st.text(CHARACTERS, max_size=8))
def test_a_cut_or_longer_ticket_is_seen(place, gap, inserted) -> None:
    """A ticket with characters taken out or put in is no ticket."""
    changed = WRITTEN[:place] + inserted + WRITTEN[place + gap :]
    if changed != WRITTEN:
        with pytest.raises(TicketInvalid):
            SIGNER.read(changed, 0)


@given(st.text(max_size=200) | st.binary(max_size=200).map(lambda data: data.decode("latin-1")))
def test_anything_else_is_no_ticket(text) -> None:
    """Whatever a stranger makes up is refused, before anything of it is unpacked."""
    for made_up in (text, f"ek_{text}", f"ek_{text}.{WRITTEN.rpartition('.')[2]}"):
        with pytest.raises(TicketInvalid):
            SIGNER.read(made_up, 0)


@given(tickets, st.binary(min_size=1))
def test_another_secret_opens_nothing(ticket, secret) -> None:
    """A ticket that was signed with another secret is no ticket."""
    with pytest.raises(TicketInvalid):
        SIGNER.read(TicketSigner(b"not " + secret).write(ticket), 0)


@given(tickets, tickets)
def test_a_signature_fits_one_ticket(one, other) -> None:
    """The signature of one ticket does not fit another."""
    body, signature = SIGNER.write(one).rpartition(".")[0], SIGNER.write(other).rpartition(".")[2]
    if one != other:
        with pytest.raises(TicketInvalid):
            SIGNER.read(f"{body}.{signature}", 0)


def test_a_ticket_that_no_header_takes() -> None:
    """What does not fit into a header is not written, and not read."""
    noise = "".join(hashlib.sha256(bytes([number])).hexdigest() for number in range(200))
    with pytest.raises(TicketTooLarge):
        SIGNER.write(Ticket(1000, "museum", None, None, {}, {"instructions": noise}))
    with pytest.raises(TicketInvalid):
        SIGNER.read(WRITTEN + "A" * LENGTH_LIMIT, 0)
