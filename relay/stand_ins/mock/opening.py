"""The mock's reading of a handshake: what it asks for, and whether the API would accept it.

The API answers 101 first and refuses afterwards, by an `error` event and a close. Only another path is a plain 404.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, urlsplit

from relay.config.kinds import API, LIVE, REALTIME, TRANSLATION, Kind
from relay.engine.errors import Fault, Refused

KEY_PROTOCOL = "openai-insecure-api-key."
BETA_PROTOCOL = "openai-beta.realtime-v1"
SIDEBAND_MODEL = "gpt-realtime-2.1"


@dataclass(frozen=True, slots=True)
class Opening:
    """What was asked for.

    Attributes:
        model: its model; None for a transcription session, and where `session.start` says it.
        session: what the session begins with, checked like an update's.
        kind: of the session, as far as the path tells.
    """

    model: str | None
    session: Mapping[str, Any] = field(default_factory=dict)
    kind: Kind = REALTIME


@dataclass(frozen=True, slots=True)
class Upgrade:
    """Of an upgrade request, what the API looks at.

    Attributes:
        target: path and query.
        authorization: the header, empty if there is none.
        beta: the `OpenAI-Beta` header, empty if there is none.
        protocols: the subprotocols that the client offers.
    """

    target: str
    authorization: str
    beta: str
    protocols: Sequence[str]

    @property
    def api_key(self) -> str:
        """The key, from the header or, for browsers, from a subprotocol; empty if there is none."""
        if self.authorization:
            return self.authorization.removeprefix("Bearer ")
        offered = (name.removeprefix(KEY_PROTOCOL) for name in self.protocols if name.startswith(KEY_PROTOCOL))
        return next(offered, "")

    @property
    def call_id(self) -> str | None:
        """The call that is to be watched, if one is."""
        return parse_qs(urlsplit(self.target).query).get("call_id", [None])[0]

    def opening(self, required_key: str | None) -> Opening:
        """The session that this asks for.

        Args:
            required_key: the only key that is let in; None lets everybody in.

        Raises:
            Refused: with a row that has a close code.
        """
        if required_key is not None and self.api_key != required_key:
            raise Refused(Fault.INVALID_API_KEY)
        if self.beta or BETA_PROTOCOL in self.protocols:
            raise Refused(Fault.BETA_SHAPE)
        path, query = urlsplit(self.target).path, parse_qs(urlsplit(self.target).query)
        model = query.get("model", [None])[0]
        if path == API + LIVE.path:
            return Opening(None, kind=LIVE)
        if path == API + TRANSLATION.path and model:
            return Opening(model, kind=TRANSLATION)
        if path == API + REALTIME.path and query.get("intent") == ["transcription"]:
            if model:
                raise Refused(Fault.MODEL_WITH_TRANSCRIPTION)
            return Opening(None)
        if model or "call_id" in query:
            return Opening(model or SIDEBAND_MODEL)
        raise Refused(Fault.MISSING_MODEL)
