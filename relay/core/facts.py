"""What is worth knowing of a session when somebody complains: who answered, how fast, how often, with what errors.

It looks at rare events alone. Nothing that anybody said is kept.
"""

from collections.abc import Callable
from typing import Any

from relay.core.closing import printable
from relay.core.events import Event
from relay.core.interceptor import Interceptor
from relay.core.session import Session
from relay.core.tally import Costs

ERROR = "error"
RESPONSE_CREATE = "response.create"
RESPONSE_DONE = "response.done"
SPEECH_STOPPED = "input_audio_buffer.speech_stopped"
SESSION_BEGUN = frozenset({"session.created", "session.started"})
FIRST_AUDIO = frozenset({"response.output_audio.delta", "output_audio_buffer.started"})
"""The second in calls, whose sound comes another way."""

ERRORS_TOLD = 20
"""Of one session's errors, so many are told one by one, lest a peer that is wrong in each event fills the log."""


class SessionCosts(Costs):
    """What one session used, which is counted with everybody's besides."""

    def __init__(self, all_sessions: Costs) -> None:
        super().__init__()
        self._all_sessions = all_sessions

    def add(self, model: str | None, usage: Any, usd: Any) -> None:
        super().add(model, usage, usd)
        self._all_sessions.add(model, usage, usd)

    def close(self) -> None:
        """Count with everybody's what nobody said the cost of."""
        self._all_sessions.unbilled += self.unbilled

    def by_model(self) -> dict[str, dict[str, int | str]]:
        """Tokens by kind, seconds, characters, dollars, by model; money and time as text: neither is to be rounded."""
        lines: dict[str, dict[str, int | str]] = {}
        for (model, kind), count in self.tokens.items():
            lines.setdefault(model, {})[kind] = count
        for model, seconds in self.seconds.items():
            lines.setdefault(model, {})["seconds"] = str(seconds)
        for model, characters in self.characters.items():
            lines.setdefault(model, {})["characters"] = characters
        for model, usd in self.usd.items():
            lines.setdefault(model, {})["usd"] = f"{usd:.6f}"
        return lines


class SessionFacts(Interceptor):
    """Notes a session's facts as its events pass.

    Attributes:
        upstream_session_id: how the upstream calls the session, once it has said so.
        model: what the upstream says that it is; until then, what was dialled.
        turns: answers that came to an end.
        errors: `error` events of the upstream.
        first_audio_s: of the first answer, from the end of speech, or the request for one, to its first sound.
        slowest_audio_s: the same of the slowest.

    Args:
        on_begun: is called once, when the upstream has told the first two.
        on_error: is called with the type and code of each of the first `ERRORS_TOLD` errors; never with their words.
    """

    up = frozenset({RESPONSE_CREATE})
    down = frozenset({ERROR, RESPONSE_DONE, SPEECH_STOPPED, *SESSION_BEGUN})

    def __init__(
        self,
        model: str | None,
        on_begun: Callable[[str | None, str | None], None],
        on_error: Callable[[str, str], None],
    ) -> None:
        self.upstream_session_id: str | None = None
        self.model = model
        self.turns = 0
        self.errors = 0
        self.first_audio_s: float | None = None
        self.slowest_audio_s: float | None = None
        self._on_begun = on_begun
        self._on_error = on_error
        self._asked_at = 0.0
        self._session: Session

    def opened(self, session: Session, now: float) -> None:
        self._session = session

    def on_up(self, event: Event, now: float) -> Event | None:
        self._await_audio(now)
        return event

    def on_down(self, event: Event, now: float) -> Event | None:
        if event.type == RESPONSE_DONE:
            self.turns += 1
        elif event.type == SPEECH_STOPPED:
            self._await_audio(now)
        elif event.type == ERROR:
            self._erred(event.body.get("error"))
        elif self.upstream_session_id is None:
            self._begun(event.body.get("session"))
        return event

    def _begun(self, session: Any) -> None:
        if isinstance(session, dict):
            self.upstream_session_id = _word(session.get("id"))
            self.model = _word(session.get("model")) or self.model
            self._on_begun(self.upstream_session_id, self.model)

    def _erred(self, error: Any) -> None:
        self.errors += 1
        if self.errors <= ERRORS_TOLD:
            said = error if isinstance(error, dict) else {}
            self._on_error(_word(said.get("type")) or "unknown", _word(said.get("code")) or "unknown")

    def _await_audio(self, now: float) -> None:
        self._asked_at = now
        self._session.down.unhook(FIRST_AUDIO, self._audio)
        self._session.down.hook(FIRST_AUDIO, self._audio)

    def _audio(self, event: Event, now: float) -> Event | None:
        self._session.down.unhook(FIRST_AUDIO, self._audio)
        waited_s = now - self._asked_at
        if self.first_audio_s is None:
            self.first_audio_s = waited_s
        self.slowest_audio_s = max(waited_s, self.slowest_audio_s or 0.0)
        return event


def _word(value: Any) -> str | None:
    return printable(value) if isinstance(value, str) and value else None
