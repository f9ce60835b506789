"""Where a peer's credential stands in its request, and which subprotocol answers it.

A browser can set no header on a WebSocket, so the API lets it put the key into the list of subprotocols. Clients of
Azure put it into a header of their own. A credential in the query string is not looked at, but for a page's at an
address of Azure's, which `relay.endpoints.addresses` hands on as that header: addresses end up in logs and histories.
"""

from collections.abc import Sequence

from starlette.datastructures import Headers

from relay.admission.resume_offer import RESUME_PREFIX
from relay.core.binary_audio import SUBPROTOCOL as BINARY_AUDIO

AZURE_HEADER = "api-key"

CREDENTIAL_PREFIXES = ("openai-insecure-api-key.", "xai-client-secret.")


def offered_subprotocols(headers: Headers) -> tuple[str, ...]:
    """The names in `Sec-WebSocket-Protocol`, in order."""
    lists = headers.getlist("sec-websocket-protocol")
    return tuple(name for part in ",".join(lists).split(",") if (name := part.strip()))


def read_credentials(headers: Headers, offered: Sequence[str]) -> tuple[str, ...]:
    """The different credentials that the peer came with. Those in headers count before those in subprotocols.

    More than one is for the gate to refuse: somebody before us may have looked at another one.
    """
    bearers = [
        value.strip()
        for scheme, _, value in (line.strip().partition(" ") for line in headers.getlist("authorization"))
        if scheme.lower() == "bearer"
    ]
    in_headers = [*bearers, *(key for value in headers.getlist(AZURE_HEADER) if (key := value.strip()))]
    in_subprotocols = [
        name.removeprefix(prefix) for name in offered for prefix in CREDENTIAL_PREFIXES if name.startswith(prefix)
    ]
    return tuple(dict.fromkeys(in_headers or in_subprotocols))


def choose_subprotocol(offered: Sequence[str]) -> str | None:
    """The one offered name to echo; a browser that offered some fails unless exactly one comes back.

    Entries that carry a credential, or the token of a session, are only echoed where there is no other.
    """
    if not offered:
        return None
    for known in (BINARY_AUDIO, "realtime"):
        if known in offered:
            return known
    secrets = (RESUME_PREFIX, *CREDENTIAL_PREFIXES)
    return min(offered, key=lambda name: (name.startswith(CREDENTIAL_PREFIXES), name.startswith(secrets)))
