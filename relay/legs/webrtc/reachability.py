"""Whether peers can reach the addresses that answers will give: said at the start, before a caller hears nothing."""

from collections.abc import Iterator, Sequence
from ipaddress import ip_address


def own_addresses() -> list[str]:
    """Those of this machine's interfaces that a media end offers; without any, that of the machine itself."""
    return list(dict.fromkeys(_of_interfaces())) or ["127.0.0.1"]


def _of_interfaces() -> Iterator[str]:
    import ifaddr  # noqa: PLC0415 - 1 MB, for who answers calls

    for adapter in ifaddr.get_adapters():
        for found in adapter.ips:
            address = ip_address(found.ip if isinstance(found.ip, str) else found.ip[0])
            if not (address.is_loopback or (address.version == 6 and address.is_link_local)):  # these need a scope
                yield str(address)


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
