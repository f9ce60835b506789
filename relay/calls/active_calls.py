"""The active calls: each is watched through its sideband, and hung up when that ends."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from functools import partial
from time import monotonic

import structlog

from relay.admission.session_request import AdmittedRequest
from relay.calls.api import CallsApi
from relay.core.causes import Cause
from relay.core.close_codes import NORMAL
from relay.core.closing import Refused, peer_ended
from relay.core.leg import Closed
from relay.core.payers import Place
from relay.legs.choice import UpstreamLeg
from relay.legs.null import NullLeg
from relay.legs.target import Target
from relay.sessions.joining import Joiner
from relay.sessions.peer_info import PeerInfo

SIDEBAND_AGAIN_S = 0.5
"""How long after a sideband was refused the next is tried: the API may not know yet of a call that it has just made."""

HANG_UP_TRIES = 3
HANG_UP_AGAIN_S = 0.5

_log = structlog.stdlib.get_logger("relay")


@dataclass(eq=False, slots=True)
class Call:
    """A call that goes on.

    Attributes:
        target: where it was made.
        subject: whose it is.
        leg: the peer's end of the session that watches it.
        is_hung_up: whether the API was told to end it.
        place: of the session that watches it, before all others that see it: that one pays.
    """

    call_id: str
    target: Target
    subject: str | None
    leg: NullLeg = field(default_factory=NullLeg)
    is_hung_up: bool = False
    place: Place | None = None


class ActiveCalls:
    """Those of this process."""

    def __init__(self, joiner: Joiner, api: CallsApi) -> None:
        self._joiner = joiner
        self._api = api
        self._calls: dict[str, Call] = {}

    def find(self, call_id: str, subject: str | None) -> Call | None:
        """The call of that id, where it is this subject's."""
        call = self._calls.get(call_id)
        return None if call is None or call.subject != subject else call

    @asynccontextmanager
    async def going_on(self, call: Call) -> AsyncIterator[None]:
        """Know the call while the context is open, and hang it up then, whatever ended it."""
        self._calls[call.call_id] = call
        end = partial(call.leg.close, NORMAL, "hung up")
        with self._joiner.owners.owned(call.call_id, call.subject, end):
            try:
                with self._joiner.payers.place(call.call_id) as call.place:
                    yield
            finally:
                try:
                    await self._hang_up_at_last(call)
                finally:
                    self._calls.pop(call.call_id, None)

    async def watch(self, call: Call, info: PeerInfo) -> None:
        """Run the session that meters the call, until either ends.

        Raises:
            Refused: the sideband could not be opened.
        """
        upstream = await self._sideband(call, info.request)
        try:
            await self._joiner.join(replace(info, place=call.place), call.leg, upstream)
        finally:
            upstream.abort()

    async def hang_up(self, call: Call) -> None:
        """End the call because its caller wants it.

        Raises:
            Refused: the API may go on with it for now; it will be told again.
        """
        call.leg.close(NORMAL, "hung up")
        await self._api.hang_up(call.target, call.call_id)
        call.is_hung_up = True

    async def _sideband(self, call: Call, request: AdmittedRequest) -> UpstreamLeg:
        """Dial, and again where the API knows nothing of the call yet, for as long as a dial may take.

        The caller has its answer by then: nobody says whether a call can be watched before it is connected.
        """
        target = await self._joiner.target(request)
        last_try_at = monotonic() + self._joiner.options.dial_timeout_s - SIDEBAND_AGAIN_S
        while True:
            try:
                return await self._joiner.dial(target, request)
            except Refused as refusal:
                if call.is_hung_up:
                    raise Refused(peer_ended(Closed(NORMAL))) from None
                if refusal.ended.cause is not Cause.UPSTREAM_REJECTED or monotonic() > last_try_at:
                    raise
            await asyncio.sleep(SIDEBAND_AGAIN_S)

    async def _hang_up_at_last(self, call: Call) -> None:
        for left in reversed(range(HANG_UP_TRIES)):
            if call.is_hung_up:
                return
            try:
                await self._api.hang_up(call.target, call.call_id)
                return
            except Refused as refusal:
                how = refusal.ended
                if left == 0:
                    _log.warning("call.left_open", cause=how.cause.value, status=how.status)
                    return
            await asyncio.sleep(HANG_UP_AGAIN_S)
