"""The stages of a cascade's answers: how long each took, for the metrics and for a peer that asked."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from relay.core.events import Event
from relay.core.interceptor import Interceptor
from relay.core.session import Session
from relay.core.tally import StageTally

STAGES = "relay.stages"

SPANS: Mapping[str, str] = MappingProxyType({
    "turn_ms": "turn", "hear_ms": "hear", "think_ms": "think", "speak_ms": "speak", "total_ms": "total",
})  # fmt: skip
"""The times of an answer, and the labels that they are observed under."""


class StageTimer(Interceptor):
    """Takes the `relay.stages` of a cascade behind each answer, and tells it to a peer that asked for such."""

    down = frozenset({STAGES})

    def __init__(self, tally: StageTally) -> None:
        self._tally = tally
        self._session: Session

    def opened(self, session: Session, now: float) -> None:
        self._session = session

    def on_down(self, event: Event, now: float) -> Event | None:
        told = {name: value for name, value in event.body.items() if name not in ("type", "event_id")}
        times: Mapping[str, Any] = told["times"]
        for name, milliseconds in times.items():
            self._tally.seconds[SPANS[name]].observe(milliseconds / 1000)
        self._tally.ahead["used"] += told["ahead"]
        self._tally.ahead["voided"] += told["voided"]
        self._session.tell(STAGES, told, now)
        return None
