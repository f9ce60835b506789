"""Dialling a target: with credentials that are fresh, and a word for the operator where it is refused."""

import asyncio
from dataclasses import replace

import structlog

from relay.core.closing import Refused
from relay.core.dial_failure import REASONS, DialFailed, DialFailure, Phase, Reason
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
        return await dial(await with_credentials(target, options.dial_timeout_s), options, observe_added, redact)
    except Refused as refusal:
        warn_of_refusal(target, refusal)
        raise


def warn_of_refusal(target: Target, refusal: Refused) -> None:
    """Tell the operator, in the log, what was refused, why, and what to do."""
    failure = refusal.failure if isinstance(refusal, DialFailed) else None
    _log.warning(
        "upstream.refused",
        provider=target.provider,
        cause=refusal.ended.cause.value,
        status=refusal.ended.status,
        **(failure.log_fields if failure else {}),
        advice=(failure and REASONS[failure.reason].advice) or target.advice,
    )


async def with_credentials(target: Target, timeout_s: float) -> Target:
    """The target with credentials that are fresh.

    Raises:
        Refused: they could not be had in time.
    """
    if target.credentials is None:
        return target
    try:
        async with asyncio.timeout(timeout_s):
            fresh = await target.credentials()
    except TimeoutError:
        raise DialFailed(DialFailure(Phase.CREDENTIALS, Reason.SILENT_CREDENTIALS)) from None
    return replace(target, headers={**target.headers, **fresh})
