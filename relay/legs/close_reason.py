"""An upstream's leg whose close reason is looked at before anybody repeats it."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from relay.core.leg import Closed, Listener
from relay.legs.choice import UpstreamLeg
from relay.legs.wrapper import LegWrapper


class ReasonLeg(LegWrapper):
    """Tells its listener of a close with the reason that `shown` makes of the upstream's; messages pass it by."""

    def __init__(self, leg: UpstreamLeg, shown: Callable[[str], str]) -> None:
        super().__init__(leg)
        self._shown = shown
        self.abort = leg.abort

    @property
    def lane_end(self) -> Any:
        return self._leg.lane_end

    async def run(self, listener: Listener) -> None:
        def on_closed(closed: Closed, now: float) -> None:
            listener.on_closed(replace(closed, reason=self._shown(closed.reason)), now)

        await self._leg.run(replace(listener, on_closed=on_closed))
