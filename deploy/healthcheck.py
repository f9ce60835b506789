"""Whether the relay in this container answers: exits with 0 or 1. For Docker's HEALTHCHECK; needs Python alone.

Port and TLS may stand in an argument, a variable or a file, so nobody is asked for them: what listens here is tried.
With a process number as argument, only that process's sockets are.
"""

import http.client
import ipaddress
import re
import ssl
import sys
from collections.abc import Iterator
from pathlib import Path

LISTEN = "0A"
PATIENCE_S = 5.0


def sockets_of(process: Path) -> set[str]:
    """The inodes of its sockets; none where it has gone, or is somebody else's."""
    try:
        links = [str(link.readlink()) for link in (process / "fd").iterdir()]
    except OSError:
        return set()
    return {found[1] for link in links if (found := re.fullmatch(r"socket:\[(\d+)\]", link))}


def listening(processes: list[Path]) -> Iterator[tuple[str, int]]:
    """Where these processes listen, as proc(5) has it under net/tcp: address and port, the state, the inode."""
    inodes = set().union(*map(sockets_of, processes))
    for table in (Path("/proc/net/tcp"), Path("/proc/net/tcp6")):
        for line in table.read_text().splitlines()[1:] if table.exists() else ():
            _, local, _, state, *_, inode = line.split()[:10]
            if state == LISTEN and inode in inodes:
                address, _, port = local.partition(":")
                yield reachable(address), int(port, 16)


def reachable(written: str) -> str:
    """An address that is written as words of eight hexadecimal digits; for every address, this machine's own."""
    words = [int(written[at : at + 8], 16).to_bytes(4, sys.byteorder) for at in range(0, len(written), 8)]
    address = ipaddress.ip_address(b"".join(words))
    if address.is_unspecified:
        return "127.0.0.1" if address.version == 4 else "::1"
    return str(address)


def is_alive(host: str, port: int) -> bool:
    """Whether a relay answers there, with TLS or without. Its certificate is for its visitors' name, not this one."""
    trusting = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    trusting.check_hostname, trusting.verify_mode = False, ssl.CERT_NONE
    for connection in (
        http.client.HTTPConnection(host, port, timeout=PATIENCE_S),
        http.client.HTTPSConnection(host, port, timeout=PATIENCE_S, context=trusting),
    ):
        try:
            connection.request("GET", "/livez")
            answer = connection.getresponse()
            if answer.status == http.client.OK and answer.read().startswith(b"ok "):
                return True
        except (OSError, http.client.HTTPException):
            continue
        finally:
            connection.close()
    return False


if __name__ == "__main__":
    asked = [Path("/proc") / number for number in sys.argv[1:]] or list(Path("/proc").glob("[0-9]*"))
    sys.exit(0 if any(is_alive(*place) for place in listening(asked)) else 1)
