"""The model where it was the relay's choice: a peer that names another one in an update is not refused for it."""

from relay.core.events import Event, write_event
from relay.core.interceptor import Interceptor
from relay.core.locks import without


class ChosenModel(Interceptor):
    """Takes another model out of a peer's `session.update`.

    The upstream would discard the update whole, with the instructions and tools in it, since the model is fixed when it
    is dialled. The SDKs for agents name theirs in each update.

    Args:
        model: what was dialled.
    """

    up = frozenset({"session.update"})

    def __init__(self, model: str) -> None:
        self._model = model

    def on_up(self, event: Event, now: float) -> Event | None:
        session = event.body.get("session")
        if not isinstance(session, dict) or session.get("model", self._model) == self._model:
            return event
        return write_event(without(event.body, ("session", "model")))
