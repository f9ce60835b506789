"""Which leg carries which end: picows where it can, the portable ones elsewhere."""

from collections.abc import Awaitable, Callable, Coroutine
from typing import Any, Protocol, TypeGuard

from starlette.websockets import WebSocket

from relay.core.leg import Leg, Listener
from relay.legs import picows_upstream, websocket
from relay.legs.asgi import AsgiLeg
from relay.legs.picows import PicowsPeer
from relay.legs.target import DialOptions, Target

LEG_EXTENSION = "relay.leg"
"""Offered in the ASGI scope by `relay.serving.websocket`: the accepted connection itself, as a leg."""

HAND_OVER_EXTENSION = "relay.hand_over"
"""Offered beside it before a peer is accepted: has another process serve the connection; see `serving.handing_over`."""

KEEP_EXTENSION = "relay.keep"
"""Offered beside it: takes the session of such a leg, and has it run when the application has long returned."""

Keep = Callable[[Coroutine[Any, Any, None]], None]
Observe = Callable[[float], None]
Redact = Callable[[str], str]


class RunningLeg(Leg, Protocol):
    """A leg as the endpoint sees it: it has to be run.

    Attributes:
        lane_end: where a fast lane to or from it begins; None where there is none.
    """

    @property
    def lane_end(self) -> Any: ...

    async def run(self, listener: Listener) -> None: ...


class PeerLeg(RunningLeg, Protocol):
    """A connection that can be asked whether what was sent has arrived, and let go.

    Attributes:
        on_pong: is told what a pong carries.
    """

    on_pong: Callable[[bytes], None]

    def ping(self, payload: bytes) -> bool:
        """Send a ping behind all that was sent, unless it would overtake some of it; returns whether it was sent."""
        ...

    def abort(self) -> None: ...


class UpstreamLeg(RunningLeg, Protocol):
    """A leg that was dialled, and is to be let go by who dialled it."""

    def abort(self) -> None: ...


Dial = Callable[[Target, DialOptions, Observe, Redact], Awaitable[UpstreamLeg]]


def can_resume(leg: RunningLeg) -> TypeGuard[PeerLeg]:
    """Whether it is a connection that can be asked what has arrived. ASGI knows of no pings."""
    return isinstance(leg, PicowsPeer)


def open_peer(peer: WebSocket, observe_added: Observe) -> RunningLeg:
    """The leg of an accepted peer: the connection itself where the server offers it, else by ASGI messages."""
    take_leg = peer.scope.get("extensions", {}).get(LEG_EXTENSION)
    leg: RunningLeg = AsgiLeg(peer, observe_added) if take_leg is None else take_leg(observe_added)
    return leg


def choose_dial(carrier: str) -> Dial:
    """How upstreams are dialled: fast, unless the settings want otherwise."""
    return websocket.dial if carrier == "portable" else picows_upstream.dial
