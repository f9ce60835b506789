"""What systemd is told of the relay's own state, where it asks: sd_notify(3), `Type=notify`."""

import os
import socket
from time import monotonic_ns

READY, STOPPING = "READY=1", "STOPPING=1"


def tell_manager(state: str) -> None:
    """Send a state to whoever manages the process; nothing where nobody does, or does not listen."""
    address = os.environ.get("NOTIFY_SOCKET", "")
    if not address.startswith(("/", "@")):
        return
    try:
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as manager:
            manager.connect("\0" + address[1:] if address.startswith("@") else address)
            manager.sendall(state.encode())
    except OSError:
        return  # to be managed is no condition of serving


def reloading() -> str:
    """That the settings are read anew; `READY` ends it."""
    return f"RELOADING=1\nMONOTONIC_USEC={monotonic_ns() // 1000}"
