"""Tickets: what a browser gets instead of a key. Short-lived, signed, and kept nowhere.

A ticket is `ek_`, a JSON object (compressed, base64url), a dot, and the HMAC-SHA256 of all that stands before the dot.
It is signed and not encrypted: whoever holds it can read it. The signature is over the text as it is sent and is
compared as text, so no second spelling of a ticket is valid. Whoever knows the secret can check a ticket, and needs no
database for it.
"""

import base64
import hashlib
import hmac
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import orjson

from relay.admission.identity import Identity

PREFIX = "ek_"
"""The API's own for such keys; its JavaScript packages refuse others in a browser."""

LENGTH_LIMIT = 6000
"""A ticket travels in a header, of which nginx takes 8 KiB."""

LIFETIME_S = 600
"""How long a ticket opens sessions, where nobody says otherwise."""

_PURPOSE = b"realtime-relay ticket 1\n"


class TicketInvalid(ValueError):  # noqa: N818 - the fact, not the fault
    """No ticket of ours: forged, cut, changed, or signed with another secret."""


class TicketExpired(ValueError):  # noqa: N818 - the fact, not the fault
    """A ticket of ours whose time is over."""


class TicketTooLarge(ValueError):  # noqa: N818 - the fact, not the fault
    """What it should hold does not fit into a header."""


@dataclass(frozen=True, slots=True)
class Ticket:
    """What a ticket says.

    Attributes:
        expires_at: Unix time in seconds; it opens sessions until then, and those may last longer.
        profile: the profile that its sessions get.
        subject: whose sessions they are; None on an open relay.
        origin: the only page origin that may use it; None for any that the relay admits.
        limits: see `Identity`.
        session, conversation: see `Identity`.
    """

    expires_at: int
    profile: str
    subject: str | None
    origin: str | None
    limits: Mapping[str, float]
    session: Mapping[str, Any]
    conversation: str | None = None

    @property
    def identity(self) -> Identity:
        """Who comes with it."""
        return Identity(
            self.subject, self.profile, self.limits, self.session, is_ticket=True, conversation=self.conversation
        )


class TicketSigner:
    """Writes tickets and reads them.

    Args:
        secret: what signs them; all processes that serve the same peers have the same.
    """

    def __init__(self, secret: bytes) -> None:
        self._key = hmac.digest(secret, _PURPOSE, "sha256")

    def write(self, ticket: Ticket) -> str:
        """The ticket as text that may stand in a header, a subprotocol and an address.

        Raises:
            TicketTooLarge: it would have more than `LENGTH_LIMIT` characters.
        """
        values = (
            ticket.expires_at, ticket.profile, ticket.subject, ticket.origin, dict(ticket.limits), dict(ticket.session),
            *([] if ticket.conversation is None else [ticket.conversation]),
        )  # fmt: skip
        body = PREFIX + _text(zlib.compress(orjson.dumps(values), 9))
        text = f"{body}.{self._signature(body)}"
        if len(text) > LENGTH_LIMIT:
            raise TicketTooLarge(f"the ticket would have {len(text)} characters, and {LENGTH_LIMIT} fit into a header")
        return text

    def read(self, text: str, now: float) -> Ticket:
        """What the ticket says. Nothing of it is looked at before its signature was found right.

        Raises:
            TicketInvalid, TicketExpired: it opens nothing.
        """
        body, _, signature = text.rpartition(".")
        if len(text) > LENGTH_LIMIT or not hmac.compare_digest(self._signature(body).encode(), signature.encode()):
            raise TicketInvalid
        ticket = Ticket(*orjson.loads(zlib.decompress(_octets(body.removeprefix(PREFIX)))))
        if now >= ticket.expires_at:
            raise TicketExpired
        return ticket

    def _signature(self, body: str) -> str:
        return _text(hmac.digest(self._key, body.encode(), hashlib.sha256))


def looks_like_ticket(credential: str) -> bool:
    """Whether it was meant as a ticket of a relay."""
    return credential.startswith(PREFIX) and "." in credential


def _text(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def _octets(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
