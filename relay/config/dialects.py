"""The dialects of the Realtime API that an end may speak, by the names that settings give them."""

from collections.abc import Mapping
from types import MappingProxyType

from relay.core.dialect import BETA, XAI, Table

GA = "ga"
DIALECTS: Mapping[str, Table | None] = MappingProxyType({GA: None, "beta": BETA, "xai": XAI})
"""By the name in the settings; what the session speaks itself needs no table."""


def read_dialect(name: object, path: str) -> str:
    """A dialect's name from the settings.

    Raises:
        ValueError: there is no such dialect.
    """
    if not isinstance(name, str) or name not in DIALECTS:
        raise ValueError(f"{path}: must be one of {', '.join(DIALECTS)}, not {name!r}")
    return name
