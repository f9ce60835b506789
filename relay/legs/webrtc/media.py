"""A media end: the relay's end of one WebRTC connection, as the rest of the relay sees it.

The sound is PCM16, little-endian, mono, 24 kHz on this side, whatever goes over the network.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from relay.core import playout
from relay.core.leg import Closed

RATE = 24_000
BYTES_PER_S = 2 * RATE
FRAME_S = playout.FRAME_MS / 1000
FRAME_BYTES = playout.FRAME_BYTES

LARGEST_MESSAGE_BYTES = 256 * 1024
"""What browsers take over a data channel; a longer message closes it in some of them, and vanishes in others."""


MOST_PIXELS = 4096 * 4096
"""A larger picture is not looked at: it would take more than 64 MiB."""


class MediaLost(Exception):  # noqa: N818 - the fact, not the fault
    """There is no process that could be the call's end: it is gone, or none has started yet."""


class OfferRefused(ValueError):  # noqa: N818 - the fact, not the fault
    """The peer's description cannot be answered; the words say why."""


@dataclass(frozen=True, slots=True)
class Network:
    """Where peers reach the media ends of this process.

    Attributes:
        ports: the lowest and the highest UDP port; None for any.
        advertise: addresses that answers give instead of those of this machine; empty for these.
    """

    ports: tuple[int, int] | None = None
    advertise: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Quality:
    """How the peer's sound came over the network so far.

    Attributes:
        packets: how many arrived.
        lost: how many did not.
        jitter_s: how unevenly they come, as RFC 3550 counts it.
        concealed_s: how much sound was made up for what did not come; None where the library does not tell.
    """

    packets: int = 0
    lost: int = 0
    jitter_s: float = 0.0
    concealed_s: float | None = None

    def beyond(self, earlier: "Quality") -> "Quality":
        """The same, where no sum is smaller than it was: what came twice takes a loss back."""
        concealed_s = max(self.concealed_s or 0.0, earlier.concealed_s or 0.0)
        packets, lost = max(self.packets, earlier.packets), max(self.lost, earlier.lost)
        return Quality(packets, lost, self.jitter_s, concealed_s)

    def since(self, earlier: "Quality") -> "Quality":
        """What the sums have grown by."""
        concealed_s = (self.concealed_s or 0.0) - (earlier.concealed_s or 0.0)
        return Quality(self.packets - earlier.packets, self.lost - earlier.lost, self.jitter_s, concealed_s)


@dataclass(frozen=True, slots=True)
class Picture:
    """What a camera or a screen showed.

    Attributes:
        rgbx: four bytes a pixel, the fourth of no meaning, row after row.
        taken_at: when it came, by the monotonic clock.
        rotation: by how many degrees clockwise it is turned to stand upright.
    """

    width: int
    height: int
    rgbx: bytes
    taken_at: float
    rotation: int = 0


@dataclass(frozen=True, slots=True)
class MediaListener:
    """What a media end calls, on the event loop; each call returns at once.

    Attributes:
        on_connected: the network's path is there.
        on_disconnected: it is gone for now; it may come back, and then `on_connected` says so.
        on_audio: some of the peer's sound.
        on_open: the peer's data channel is open, and takes what is sent.
        on_message: a message came over it.
        on_sent: nothing waits in it any more.
        on_gone: there is no connection any more, and how that came.
    """

    on_connected: Callable[[], None]
    on_disconnected: Callable[[], None]
    on_audio: Callable[[bytes], None]
    on_open: Callable[[], None]
    on_message: Callable[[str | bytes], None]
    on_sent: Callable[[], None]
    on_gone: Callable[[Closed], None]


class MediaEnd(Protocol):
    """One connection. It calls nobody before `answer`, and nobody after `close`."""

    @property
    def buffered_bytes(self) -> int:
        """What waits in the data channel."""
        ...

    async def answer(self, offer: str, listener: MediaListener, *, watches: bool = False) -> str:
        """The answer to an offer, with all candidates; waits until these are gathered.

        Cameras and screens are declined, unless the relay `watches`.

        Raises:
            OfferRefused: the library cannot make sense of it.
            MediaLost: the process that was to answer is gone.
        """
        ...

    async def restart(self, offer: str) -> str:
        """The answer to another offer of the same connection: an ICE restart (RFC 8445 2.4), for a path that is gone.

        Raises:
            OfferRefused: the library cannot make sense of it, or knows no restart; the connection is as before.
        """
        ...

    def play(self, frame: bytes) -> None:
        """Send `FRAME_BYTES` of sound now; whoever calls keeps the time."""
        ...

    async def photograph(self, side: int, quality: int) -> bytes | None:
        """What the peer's camera or screen shows now, as JPEG whose longer side has at most `side` pixels.

        None where nothing has come for a while, where it is black, or above `MOST_PIXELS`.
        """
        ...

    def send(self, text: str) -> None:
        """Send a text after those before it. What is sent while there is no open channel is lost."""
        ...

    def close_channel(self) -> None:
        """Close the channel once the peer has acknowledged all that was sent over it; `on_gone` tells."""
        ...

    async def quality(self) -> Quality: ...

    async def close(self) -> None:
        """Let go of the connection; what waits in it is lost. May be called again."""
        ...
