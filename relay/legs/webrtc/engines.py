"""Which library a media end is made of; each is loaded with the first call, or at the start to see that it is there."""

from collections.abc import Callable
from importlib.util import find_spec

from relay.legs.webrtc.media import MediaEnd, Network

WRTC, AIORTC = "wrtc", "aiortc"

_EXTRAS = {WRTC: "webrtc", AIORTC: "webrtc-aiortc"}


def missing_engine(name: str, has_package: Callable[[str], object] = find_spec) -> str | None:
    """What to say where the engine is not installed; None where it is."""
    if has_package(name):
        return None
    return (
        f"calls answered by the relay take the package {name}, which is not here.\n"
        f"Install it with: pip install 'realtime-relay[{_EXTRAS[name]}]'"
    )


def make_end(name: str, network: Network) -> MediaEnd:
    """A media end for one call."""
    return load_engine(name)(network)


def load_engine(name: str) -> Callable[[Network], MediaEnd]:
    """What makes media ends; loads the library."""
    if name == AIORTC:
        from relay.legs.webrtc.aiortc_end import AiortcEnd  # noqa: PLC0415 - 60 MB, for who takes this engine

        return AiortcEnd
    from relay.legs.webrtc.wrtc_end import WrtcEnd  # noqa: PLC0415 - 24 MB, for who answers calls

    return WrtcEnd
