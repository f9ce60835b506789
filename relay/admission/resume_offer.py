"""The subprotocol with which a peer comes back to its session: `relay.resume.v1.<token>.<events received>`."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

RESUME = "relay.resume.v1"
"""Offered by who wants to be able to come back, with what comes behind it by who does."""

RESUME_PREFIX = f"{RESUME}."

_FORM = re.compile(re.escape(RESUME_PREFIX) + r"([\w-]{16,64})\.(\d{1,15})", re.ASCII)


@dataclass(frozen=True, slots=True)
class ResumeOffer:
    """What a peer says that comes back.

    Attributes:
        name: the subprotocol as it was offered, which answers it.
        token: which session it means. It is a secret.
        received: how many of that session's messages it has.
    """

    name: str
    token: str
    received: int


def read_resume_offer(offered: Sequence[str]) -> ResumeOffer | None:
    """The offer among the subprotocols, if there is exactly one and it has the form."""
    names = [name for name in offered if name.startswith(RESUME_PREFIX)]
    found = _FORM.fullmatch(names[0]) if len(names) == 1 else None
    return None if found is None else ResumeOffer(names[0], found[1], int(found[2]))
