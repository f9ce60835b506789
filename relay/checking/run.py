"""Running the checks, one after the other, each with a connection of its own."""

import asyncio
import json
from collections.abc import AsyncIterator, Iterable

from websockets.asyncio.client import ClientConnection
from websockets.exceptions import ConnectionClosed, InvalidHandshake, InvalidStatus

from relay.checking.check import Check, Failed, Found, NotApplicable, Verdict
from relay.checking.echoes import ECHO_CHECKS
from relay.checking.endpoint import Endpoint
from relay.checking.sessions import SESSION_CHECKS
from relay.checking.wire import WIRE_CHECKS

CHECKS: tuple[Check, ...] = (*WIRE_CHECKS, *SESSION_CHECKS, *ECHO_CHECKS)


NEEDS_MODEL = "it needs a model; name one with --model."


class Unreachable(Exception):  # noqa: N818 - the fact, not the fault
    """The endpoint cannot be connected to; the words say what to look at."""


async def run_checks(endpoint: Endpoint, checks: Iterable[Check], timeout_s: float) -> AsyncIterator[Verdict]:
    """Run the checks and tell of each as it is done.

    Raises:
        Unreachable: a first connection was not made, so no check can be.
    """
    await _reach(endpoint, timeout_s)
    for check in checks:
        found, reason = await _try(check, endpoint, timeout_s)
        yield Verdict(check.name, found, reason)


async def _try(check: Check, endpoint: Endpoint, timeout_s: float) -> tuple[Found, str]:
    try:
        async with asyncio.timeout(timeout_s):
            return Found.PASS, await check.run(endpoint)
    except NotApplicable as why:
        return Found.NOT_APPLICABLE, str(why)
    except Failed as why:
        return Found.FAIL, str(why)
    except TimeoutError:
        return Found.FAIL, f"what was due did not come within {timeout_s:g} s"
    except ConnectionClosed as closed:
        code = "no close" if closed.rcvd is None else f"close {closed.rcvd.code} {closed.rcvd.reason}".rstrip()
        return Found.FAIL, f"the connection ended in the middle: {code}"
    except (InvalidHandshake, OSError, ValueError) as failure:
        return Found.FAIL, str(failure) or type(failure).__name__


async def _wants_model(connection: ClientConnection, patience_s: float) -> bool:
    """Whether what it says first is that it opens no session without a model; what it says else is for the checks."""
    try:
        async with asyncio.timeout(patience_s):
            return _asks_for_model(await connection.recv())
    except (TimeoutError, ConnectionClosed):
        return False


def _asks_for_model(message: str | bytes | bytearray | None) -> bool:
    """Whether this is an error, as an event or in an HTTP body, about a model that was not named."""
    try:
        said = json.loads(message or "")
    except ValueError:
        return False
    error = said.get("error") if isinstance(said, dict) else None
    return isinstance(error, dict) and (error.get("code") == "missing_model" or error.get("param") == "model")


async def _reach(endpoint: Endpoint, timeout_s: float) -> None:
    try:
        async with asyncio.timeout(timeout_s), endpoint.connect() as connection:
            if not endpoint.echoes and await _wants_model(connection, min(timeout_s, endpoint.patience_s)):
                raise Unreachable(NEEDS_MODEL)
    except InvalidStatus as refusal:
        if _asks_for_model(refusal.response.body):
            raise Unreachable(NEEDS_MODEL) from None
        status = refusal.response.status_code
        hint = "; give a credential in RELAY_CHECK_TOKEN" if status in {401, 403} else ""
        raise Unreachable(f"it refused the connection with HTTP {status}{hint}.") from None
    except TimeoutError:
        raise Unreachable(f"it did not answer within {timeout_s:g} s.") from None
    except (InvalidHandshake, OSError, ValueError) as failure:
        raise Unreachable(f"{str(failure).rstrip('.')}. Is it running, and is this its address?") from None
