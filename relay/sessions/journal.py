"""A session's lines in the log: that it was opened, what the upstream says of it, and one at its end that has all.

The names of the lines and of their keys are a contract; docs/log.md lists them.
"""

from decimal import Decimal
from functools import partial
from typing import TYPE_CHECKING

import structlog

from relay.core.facts import SessionCosts, SessionFacts
from relay.core.redaction import Secrets
from relay.core.session import Session
from relay.sessions.debugging import EventTypes, handshake_shown, session_shown
from relay.sessions.peer_info import PeerInfo
from relay.upstreams.query import session_kind

if TYPE_CHECKING:
    from relay.core.interceptor import Interceptor

_log = structlog.stdlib.get_logger("relay")


class Journal:
    """Writes the lines of one session. To be made in the session's own task, whose names the lines bear.

    Attributes:
        interceptors: what notes the facts, and with `debug` the types of events.

    Args:
        costs: what the session uses.
        debug: whether to write what helps to find out what goes wrong, too.
    """

    def __init__(self, info: PeerInfo, costs: SessionCosts, *, debug: bool) -> None:
        self._info = info
        self._costs = costs
        self._debug = debug
        self._log = _log.bind(**structlog.contextvars.get_contextvars())  # events are told outside the task
        self._facts = SessionFacts(info.dialled_model, partial(_begun, self._log), partial(_erred, self._log))
        self.interceptors: tuple[Interceptor, ...] = (self._facts, *([EventTypes(self._log)] if debug else []))
        request = info.request
        self._who = {
            "kind": session_kind(request).name,
            "profile": request.profile.name,
            "subject": request.identity.subject_hash,
            "address": request.address,
            "dial_s": _rounded(info.dial_s),
        }

    def opened(self) -> None:
        """The session begins."""
        self._log.info("session.opened", model=self._info.dialled_model, **self._who)
        if self._debug:
            self._log.debug("handshake.read", **handshake_shown(self._info.request))
            profile = self._info.request.profile
            shown = Secrets(profile.credentials).redact_all(session_shown(profile.session))
            self._log.debug("session.injected", session=shown)

    def warned(self, spent_usd: Decimal) -> None:
        """Most of a budget is spent."""
        self._log.warning("budget.warned", spent_usd=str(spent_usd))

    def closed(self, session: Session, duration_s: float, spent_usd: Decimal) -> None:
        """It is over: one line with all that is known, which is what billing reads."""
        assert session.ended is not None  # noqa: S101 - both legs are gone, and each one's end ends the session
        facts = self._facts
        self._log.info(
            "session.closed",
            cause=session.ended.cause.value,
            code=session.ended.code,
            reason=session.ended.reason,
            duration_s=round(duration_s, 3),
            events_up=session.up.events,
            events_down=session.down.events,
            bytes_up=session.up.octets,
            bytes_down=session.down.octets,
            model=facts.model,
            **self._who,
            upstream_session_id=facts.upstream_session_id,
            first_audio_s=_rounded(facts.first_audio_s),
            slowest_audio_s=_rounded(facts.slowest_audio_s),
            turns=facts.turns,
            errors=facts.errors,
            cost_usd=f"{spent_usd:.6f}",
            tokens=sum(self._costs.tokens.values()),
            usage=self._costs.by_model(),
            unbilled=self._costs.unbilled,
        )


def _begun(log: structlog.stdlib.BoundLogger, upstream_session_id: str | None, model: str | None) -> None:
    log.info("session.begun", upstream_session_id=upstream_session_id, model=model)


def _erred(log: structlog.stdlib.BoundLogger, type_: str, code: str) -> None:
    log.warning("upstream.error", type=type_, code=code)


def _rounded(seconds: float | None) -> float | None:
    return None if seconds is None else round(seconds, 3)
