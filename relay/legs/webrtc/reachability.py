"""Whether peers can reach the addresses that answers will give: said at the start, before a caller hears nothing."""

import contextlib
import socket
from collections.abc import Sequence
from ipaddress import ip_address

_ELSEWHERE = {socket.AF_INET: "192.0.2.1", socket.AF_INET6: "2001:db8::1"}
"""Addresses of documentation: a socket that is made for them learns its own address, and no packet leaves."""


def own_addresses() -> list[str]:
    """Those of this machine from which it reaches others; without any, that of the machine itself."""
    found = []
    for family, elsewhere in _ELSEWHERE.items():
        with contextlib.suppress(OSError), socket.socket(family, socket.SOCK_DGRAM) as probe:
            probe.connect((elsewhere, 9))
            found.append(str(probe.getsockname()[0]))
    return found or ["127.0.0.1"]


def offered(advertise: Sequence[str], own: Sequence[str]) -> list[str]:
    """The addresses that answers give."""
    return [*(advertise or own)]


def advice(addresses: Sequence[str]) -> str | None:
    """What to do so that peers beyond this network get through; None where there is a public address."""
    kinds = [ip_address(address) for address in addresses]
    if any(kind.is_global for kind in kinds):
        return None
    if all(kind.is_loopback for kind in kinds):
        return "Only this machine reaches these addresses. Set webrtc.advertise to one that peers reach."
    return (
        "Only this network reaches these addresses. Set webrtc.advertise to the public address, and have the firewall "
        "forward the UDP ports of webrtc.ports to the same ports here."
    )
