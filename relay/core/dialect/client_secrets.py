"""The beta's two ways to ask for a short-lived credential, as GA's one.

POST /v1/realtime/sessions                 a flat session, answered by one with a `client_secret`
POST /v1/realtime/transcription_sessions   the same for transcription
POST /v1/realtime/client_secrets           GA: the credential, and the session in it
"""

from typing import Any

from relay.core.dialect.objects import Spellings, flattened, nested
from relay.core.dialect.table import BETA
from relay.core.dialect.values import Body


class BetaSecretRequest:
    """One request and its answer.

    Args:
        kind: `realtime` or `transcription`, as its path says.
    """

    def __init__(self, kind: str) -> None:
        self._kind = kind
        self._fields = BETA.transcription_session if kind == "transcription" else BETA.session
        self._lost: Spellings = {}

    def to_ga(self, body: Body) -> Body:
        """GA's body for the beta's. What is no session field of either, such as `relay`, stays beside the session."""
        flat = {name: value for name, value in body.items() if name not in {"client_secret", "relay"}}
        session, self._lost = nested(flat, self._fields)
        beside = {"relay": body["relay"]} if "relay" in body else {}
        return {**_lifetime(body.get("client_secret")), **beside, "session": {"type": self._kind, **session}}

    def to_beta(self, answer: Body) -> Body:
        """The beta's answer for GA's."""
        session = flattened(answer["session"], self._fields, self._lost)
        session.pop("type", None)
        return {**session, "client_secret": {"value": answer["value"], "expires_at": answer["expires_at"]}}


def _lifetime(client_secret: Any) -> Body:
    """GA's `expires_after`; the beta said it so for one kind of session, and `expires_at` for the other."""
    if isinstance(client_secret, dict):
        for name in ("expires_after", "expires_at"):
            if name in client_secret:
                return {"expires_after": client_secret[name]}
    return {}
