"""`[webrtc]`: who answers WebRTC calls, and how those that the relay answers reach it."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from ipaddress import ip_address
from typing import Any, Literal

from relay.config.explanations import nearest
from relay.core.pictures import WHEN

CALLS = ("api", "relay", "off")
ENGINES = ("wrtc", "aiortc")

_ICE_SERVER = re.compile(r"(stun|turn)s?:[A-Za-z0-9.\-\[\]:]+(\?transport=(udp|tcp))?", re.ASCII)
"""RFC 7064 3.1 and RFC 7065 3.1, with no room for a user's name or a password."""

_PORTS = re.compile(r"(\d{1,5})-(\d{1,5})", re.ASCII)


@dataclass(frozen=True, slots=True)
class VideoOptions:
    """How a peer's camera and screen are shown to the model.

    Attributes:
        when: at each turn of the user's, every `interval_s` seconds, or never, and then they are declined.
        side: how many pixels the longer side of a picture has at most.
        quality: of JPEG.
        most: how many are shown in a session.
        keep: how many of them, the latest, stay in the conversation; 0 for all.
    """

    when: Literal["turn", "interval", "never"] = "never"
    interval_s: int = 5
    side: int = 640
    quality: int = 80
    most: int = 60
    keep: int = 0


@dataclass(frozen=True, slots=True)
class WebRtcOptions:
    """How calls are answered.

    Attributes:
        calls: by whom: the API, the relay itself, or nobody.
        engine: the library that the relay's own end is made of.
        ports: the lowest and the highest UDP port; None for any.
        advertise: addresses that answers give instead of this machine's own.
        max_calls: how many the relay answers at one time, in each worker.
        workers: processes of their own that hold the media of calls, for each worker; 0 for none.
        video: how cameras and screens are shown to the model.
        ice_servers: addresses of STUN and TURN servers that own pages are told.
    """

    calls: Literal["api", "relay", "off"] = "api"
    engine: Literal["wrtc", "aiortc"] = "wrtc"
    ports: tuple[int, int] | None = None
    advertise: tuple[str, ...] = ()
    max_calls: int = 50
    workers: int = 0
    video: VideoOptions = VideoOptions()
    ice_servers: tuple[str, ...] = ()


OF_THE_PROCESS = frozenset({"engine", "ports", "advertise", "max_calls", "workers", "ice_servers"})
"""What cannot differ between profiles: a firewall and a library are the process's."""


def read_webrtc(table: Any, path: str, otherwise: WebRtcOptions = WebRtcOptions()) -> WebRtcOptions:
    """Read the table `[webrtc]`, or a profile's own; what it does not name is as in `otherwise`.

    Raises:
        ValueError: names the field, and what is wrong with it.
    """
    if not isinstance(table, Mapping):
        raise ValueError(f"{path}: must be a table")  # noqa: TRY004 - one kind for one place
    names = [field.name for field in fields(WebRtcOptions)]
    for name in table:
        if name not in names:
            raise ValueError(f"{path}.{name}: there is no such field{nearest(name, names)}")
        if path != "webrtc" and name in OF_THE_PROCESS:
            raise ValueError(f"{path}.{name}: is the same for all profiles; set webrtc.{name}")
    read = replace(otherwise, **{name: _READERS[name](value, f"{path}.{name}") for name, value in table.items()})
    if read.engine == "aiortc" and read.ports is not None:
        raise ValueError(f"{path}.ports: the engine aiortc takes any port; leave ports out, or take the engine wrtc")
    return read


def _one_of(*words: str) -> Any:
    def read(value: Any, path: str) -> str:
        if value not in words:
            raise ValueError(f"{path}: must be one of {', '.join(words)}, not {value!r}")
        return str(value)

    return read


def _read_ports(value: Any, path: str) -> tuple[int, int] | None:
    if value == "":
        return None
    match = _PORTS.fullmatch(value) if isinstance(value, str) else None
    if match is None or not 1024 <= int(match[1]) <= int(match[2]) <= 65535:
        raise ValueError(f'{path}: must be a range of ports from 1024 to 65535, such as "40000-40100", not {value!r}')
    return int(match[1]), int(match[2])


def _read_advertise(value: Any, path: str) -> tuple[str, ...]:
    if isinstance(value, str):
        value = [part.strip() for part in value.split(",") if part.strip()]
    if not isinstance(value, list | tuple) or len(value) > 8:
        raise ValueError(f"{path}: must be a list of at most 8 addresses")
    for address in value:
        try:
            ip_address(address)
        except ValueError:
            raise ValueError(f"{path}: {address!r} is no IP address; names are not looked up here") from None
    return tuple(value)


def _read_ice_servers(value: Any, path: str) -> tuple[str, ...]:
    if isinstance(value, str):
        value = [part.strip() for part in value.split(",") if part.strip()]
    if not isinstance(value, list | tuple) or len(value) > 8:
        raise ValueError(f"{path}: must be a list of at most 8 addresses")
    for address in value:
        if not (isinstance(address, str) and _ICE_SERVER.fullmatch(address)):
            raise ValueError(
                f'{path}: must be addresses such as "turn:turn.example.org:3478", with no name or password'
            )
    return tuple(value)


def _number(lowest: int, highest: int) -> Any:
    def read(value: Any, path: str) -> int:
        number = int(value) if isinstance(value, str) and value.isascii() and value.isdigit() else value
        if not isinstance(number, int) or isinstance(number, bool) or not lowest <= number <= highest:
            raise ValueError(f"{path}: must be a number from {lowest} to {highest}, not {value!r}")
        return number

    return read


_VIDEO_READERS: Mapping[str, Any] = {
    "when": _one_of(*WHEN),
    "interval_s": _number(1, 3600),
    "side": _number(64, 2048),
    "quality": _number(1, 95),
    "most": _number(1, 10_000),
    "keep": _number(0, 1000),
}


def _read_video(table: Any, path: str) -> VideoOptions:
    if not isinstance(table, Mapping):
        raise ValueError(f"{path}: must be a table")  # noqa: TRY004 - one kind for one place
    for name in table:
        if name not in _VIDEO_READERS:
            raise ValueError(f"{path}.{name}: there is no such field{nearest(name, _VIDEO_READERS)}")
    return VideoOptions(**{name: _VIDEO_READERS[name](value, f"{path}.{name}") for name, value in table.items()})


_READERS: Mapping[str, Any] = {
    "calls": _one_of(*CALLS),
    "engine": _one_of(*ENGINES),
    "ports": _read_ports,
    "advertise": _read_advertise,
    "max_calls": _number(1, 10_000),
    "workers": _number(0, 64),
    "ice_servers": _read_ice_servers,
    "video": _read_video,
}
