"""One conversation with a model that is not there: the engine, with the mock's mind."""

from relay.engine.listening import Listener
from relay.engine.session import EngineSession
from relay.engine.session_base import SESSION_SECONDS
from relay.stand_ins.mock.mind import MockMind
from relay.stand_ins.mock.opening import Opening
from relay.stand_ins.mock.pace import Pace

DEFAULT_INSTRUCTIONS = "You stand in for the Realtime API while somebody builds or tests a voice application."


class MockSession(EngineSession):
    """A session of the mock.

    Args:
        opening: what the upgrade request asked for.
        pace: how fast it answers.
        now: the time, on the clock of all later calls, in seconds.
        unix_now: the same moment in Unix seconds, for `expires_at`.
        session_seconds: how long the session may last.
        record_s: how much of the received audio to keep in `heard`.
        is_muted: whether it answers in text alone where it was given an assistant's words as text, as the API has done.
    """

    def __init__(
        self,
        opening: Opening,
        *,
        pace: Pace,
        now: float,
        unix_now: float,
        session_seconds: float = SESSION_SECONDS,
        record_s: float = 0.0,
        is_muted: bool = False,
    ) -> None:
        super().__init__(
            opening.model,
            mind=MockMind(pace, is_muted=is_muted),
            listener=Listener(),
            now=now,
            unix_now=unix_now,
            given=opening.session,
            instructions=DEFAULT_INSTRUCTIONS,
            session_seconds=session_seconds,
            record_s=record_s,
        )
