"""Dialling a target: with credentials that are fresh, and a word for the operator where it is refused."""

import asyncio
from dataclasses import replace

import structlog

from relay.core.closing import Cause, Refused, ended
from relay.legs.choice import Dial, Observe, Redact, UpstreamLeg
from relay.legs.target import DialOptions, Target

_log = structlog.stdlib.get_logger("relay")


async def dial_target(
    dial: Dial, target: Target, options: DialOptions, observe_added: Observe, redact: Redact
) -> UpstreamLeg:
    """Open the upstream's connection.

    Raises:
        Refused: the log names the provider and says what to do.
    """
    try:
        return await dial(await _with_credentials(target, options.dial_timeout_s), options, observe_added, redact)
    except Refused as refusal:
        how = refusal.ended
        _log.warning(
            "upstream.refused", provider=target.provider, cause=how.cause.value, status=how.status, advice=target.advice
        )
        raise


async def _with_credentials(target: Target, timeout_s: float) -> Target:
    if target.credentials is None:
        return target
    try:
        async with asyncio.timeout(timeout_s):
            fresh = await target.credentials()
    except TimeoutError:
        raise Refused(ended(Cause.UPSTREAM_TIMEOUT)) from None
    return replace(target, headers={**target.headers, **fresh})
