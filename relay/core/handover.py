"""How far a successor is, why it takes over, and what is said then; see `relay.core.succession`."""

from dataclasses import dataclass
from enum import Enum

from relay.core.events import Data


class Phase(Enum):
    ALONE = "alone"
    DIALLING = "dialling"
    READY = "ready"


class Reason(Enum):
    """Why a successor takes over; a metric's label."""

    EXPIRY = "expiry"
    LOSS = "loss"


@dataclass(frozen=True, slots=True)
class Handover:
    """What is said when a successor takes over.

    Attributes:
        up: what it is told, in order.
        down: what the peer is told, of what the old one left open.
        answers_failed: how many answers were cut.
    """

    up: list[Data]
    down: list[Data]
    answers_failed: int
