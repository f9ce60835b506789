"""How much more of a service may be used for now, as the headers of its answers say it.

`x-ratelimit-limit-requests`, `-remaining-` and `-reset-`, and the same of tokens: OpenAI's, which others have, too.
"""

import re
from collections.abc import Mapping

from relay.cascade.orders import RateLimit

NAMES = ("requests", "tokens")

_SECONDS: Mapping[str, float] = {"h": 3600.0, "m": 60.0, "s": 1.0, "ms": 0.001}
_SPAN = re.compile(r"(\d+(?:\.\d+)?)(ms|h|m|s)")
_WHOLE = re.compile(r"\d{1,15}")


def rate_limits(headers: Mapping[str, str]) -> tuple[RateLimit, ...]:
    """The limits that are told in full, by headers whose names are written small."""
    return tuple(limit for name in NAMES if (limit := _limit(headers, name)) is not None)


def seconds_until(span: str) -> float | None:
    """A span such as `6m0s`, `120ms` or `1.5`, in seconds; None for what is none."""
    if re.fullmatch(r"\d+(?:\.\d+)?", span):
        return float(span)
    if not re.fullmatch(f"(?:{_SPAN.pattern})+", span):
        return None
    return round(sum(float(number) * _SECONDS[unit] for number, unit in _SPAN.findall(span)), 3)


def _limit(headers: Mapping[str, str], name: str) -> RateLimit | None:
    limit, remaining, reset = (
        headers.get(f"x-ratelimit-{what}-{name}", "") for what in ("limit", "remaining", "reset")
    )
    reset_s = seconds_until(reset)
    if reset_s is None or not (_WHOLE.fullmatch(limit) and _WHOLE.fullmatch(remaining)):
        return None
    return RateLimit(name, int(limit), int(remaining), reset_s)
