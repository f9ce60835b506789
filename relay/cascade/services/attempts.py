"""How long a service may take, when it is asked again, and where it is asked instead.

Before its first result a service is asked once more, if that can help, and then at its second address. After the first
result nothing is tried again: what was said cannot be taken back. An address that hung or could not be reached goes to
the end of the row for a while, for all sessions of the process, so that not each of them waits for it.
"""

import asyncio
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing
from time import monotonic

import structlog

from relay.cascade.orders import Failed, Fault, Result, Stage
from relay.cascade.services.failures import ServiceFailed, timed_out
from relay.cascade.services.turns import Turn
from relay.config.cascade import Address, Service

REST_S = 30.0
"""For so long an address is asked last that hung or could not be reached."""

LONGEST_PAUSE_S = 1.0
"""A service that wants to be left alone for no longer than this is waited for."""

PAUSE_S = 0.2
"""Before a service that answered with a failure of its own is asked again."""

_AGAIN = frozenset({Fault.UNREACHABLE, Fault.BROKEN, Fault.CUT_OFF})
"""What another try may mend. A service that is busy says so itself, and one that hung was waited for long enough."""

_RESTS = frozenset({Fault.UNREACHABLE, Fault.TIMEOUT, Fault.BUSY})

_log = structlog.stdlib.get_logger("relay")

AskService = Callable[[Address], AsyncGenerator[Result, None]]
"""Asks a service once; raises `ServiceFailed`. Closing it closes its connection."""


class Attempts:
    """The ways to one stage's service, for all sessions of the process.

    Args:
        clock: in seconds.

    Attributes:
        failures: what went wrong, by fault, tries that were made good included.
    """

    def __init__(self, stage: Stage, service: Service, clock: Callable[[], float] = monotonic) -> None:
        self.failures: dict[Fault, int] = {}
        self.stage = stage
        self._service = service
        self._clock = clock
        self._rests_until: dict[str, float] = {}

    async def carry_out(
        self, number: int, ask: AskService, tell: Callable[[Result], None], turn: Turn | None = None
    ) -> None:
        """Tell the results of an order, or that it failed. Cancelling it closes the connection.

        Args:
            turn: what is listened to; before it is whole, no service can be late.
        """
        failure, begun = None, _Begun(tell)
        for address in self._row():
            for pause_s in (0.0, None):
                try:
                    await self._once(ask, address, begun, turn)
                    self._rests_until.pop(_name(address), None)
                    return
                except ServiceFailed as failed:
                    failure = failed
                    self._note(address, failed, begun)
                wait_s = self._pause_s(failure)
                if begun or pause_s is None or wait_s is None:
                    break
                await asyncio.sleep(wait_s)
            if begun:
                break
        if failure is not None:
            tell(self._failed(number, failure, begun))

    async def _once(self, ask: AskService, address: Address, begun: "_Begun", turn: Turn | None) -> None:
        timeout_s, loop = self._service.timeout_s, asyncio.get_running_loop()
        try:
            async with asyncio.timeout(None) as limit, aclosing(ask(address)) as results:

                def wait_on() -> None:
                    if turn is None or turn.is_whole:
                        limit.reschedule(loop.time() + timeout_s)

                wait_on()
                if turn is not None:
                    turn.on_whole = wait_on
                async for result in results:
                    wait_on()
                    begun.tell(result)
        except TimeoutError:
            raise timed_out(timeout_s, address) from None
        finally:
            if turn is not None:
                turn.on_whole = None

    def _row(self) -> list[Address]:
        """The addresses, those that rest behind the others."""
        now = self._clock()
        return sorted(self._service.addresses, key=lambda address: self._rests_until.get(_name(address), 0.0) > now)

    def _pause_s(self, failure: ServiceFailed) -> float | None:
        """How long to wait before the same address is asked again; None for not at all."""
        if failure.fault is Fault.BUSY:
            wait_s = failure.retry_after_s
            return wait_s if wait_s is not None and wait_s <= LONGEST_PAUSE_S else None
        if failure.fault not in _AGAIN:
            return None
        return PAUSE_S if failure.fault is Fault.BROKEN else 0.0

    def _note(self, address: Address, failure: ServiceFailed, begun: "_Begun") -> None:
        self.failures[failure.fault] = self.failures.get(failure.fault, 0) + 1
        if failure.fault in _RESTS and not begun:
            self._rests_until[_name(address)] = self._clock() + max(REST_S, failure.retry_after_s or 0.0)
        _log.warning(
            "cascade.stage_failed",
            stage=self.stage.value,
            fault=failure.fault.value,
            reason=failure.reason,
            model=address.model,
            had_begun=bool(begun),
        )

    def _failed(self, number: int, failure: ServiceFailed, begun: "_Begun") -> Failed:
        return Failed(
            number,
            self.stage,
            failure.fault,
            failure.reason,
            status=failure.status,
            retry_after_s=failure.retry_after_s,
            had_begun=bool(begun),
        )


def _name(address: Address) -> str:
    return f"{address.url} {address.model}"


class _Begun:
    """Tells results, and whether there were any."""

    def __init__(self, tell: Callable[[Result], None]) -> None:
        self._tell = tell
        self._has_begun = False

    def __bool__(self) -> bool:
        return self._has_begun

    def tell(self, result: Result) -> None:
        self._has_begun = True
        self._tell(result)
