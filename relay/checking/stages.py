"""The services of a cascade, each tried for real: what `relay check --stages` does."""

from collections.abc import AsyncIterator

from relay.cascade.services.asking import Http
from relay.cascade.services.dialling import dial_with
from relay.cascade.services.probing import Tried, try_stages
from relay.checking.check import Found, Verdict
from relay.config.cascade import Cascade
from relay.legs.target import DialOptions

DEFAULT_VOICE = "marin"
"""Of a profile that names none."""


async def check_stages(cascade: Cascade, voice: str) -> AsyncIterator[Verdict]:
    """Try each service, at each of its addresses, and tell of each as it is done."""
    http = Http()
    try:
        async for tried in try_stages(cascade, http, dial_with(DialOptions(max_message_bytes=1 << 24)), voice):
            name = f"{tried.stage.value} {tried.address.place} {tried.address.model}"
            yield Verdict(name, Found.FAIL if tried.failure else Found.PASS, _reason(tried))
    finally:
        await http.close()


def _reason(tried: Tried) -> str:
    if tried.failure:
        return tried.failure
    return f"{tried.said}; the first of it after {tried.first_ms:.0f} ms, all after {tried.whole_ms:.0f}"
