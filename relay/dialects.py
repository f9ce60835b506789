"""Which dialect of the Realtime API an end speaks, and who says so."""

from collections.abc import Mapping
from types import MappingProxyType

from starlette.datastructures import Headers

from relay.admission.credentials import offered_subprotocols
from relay.core.dialect import BETA, XAI, Table

GA = "ga"
DIALECTS: Mapping[str, Table | None] = MappingProxyType({GA: None, "beta": BETA, "xai": XAI})
"""By the name in the settings; what the session speaks itself needs no table."""

_HEADER, _IN_HEADER = "openai-beta", "realtime=v1"
_SUBPROTOCOL = "openai-beta.realtime-v1"


def dialect_of_peer(headers: Headers, said_by_profile: str | None) -> Table | None:
    """What the peer speaks: as its profile says, else as its own request does, the way clients of the beta say it."""
    if said_by_profile is not None:
        return DIALECTS[said_by_profile]
    in_header = any(_IN_HEADER in value for value in headers.getlist(_HEADER))
    return BETA if in_header or _SUBPROTOCOL in offered_subprotocols(headers) else None


def read_dialect(name: object, path: str) -> str:
    """A dialect's name from the settings.

    Raises:
        ValueError: there is no such dialect.
    """
    if not isinstance(name, str) or name not in DIALECTS:
        raise ValueError(f"{path}: must be one of {', '.join(DIALECTS)}, not {name!r}")
    return name
