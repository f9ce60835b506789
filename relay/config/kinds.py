"""Kinds of sessions: where each is served, what opens it, and what it is billed by.

A kind is a record. What its sessions say is nobody's business here: events pass whatever they are called, and only
what opens a session, meters it, or may end it looks at a few of them.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Any

from relay.core.injection import Injection, Start
from relay.core.meter import Meter
from relay.core.time_meters import AppendMeter, UsageMeter
from relay.core.turn_state import ResponseTurns, TranscriptPauses

API = "/v1/"
"""Where the API is, here and there."""

CALL_ID = "call_id"
INTENT = "intent"


@dataclass(frozen=True, slots=True)
class Kind:
    """What is particular to one kind of session.

    Attributes:
        name: as a profile's `type` says it, where there can be a profile for it; for the log.
        path: where it is served, here and at the API, below `API`; braces stand for the id of another session.
        model: dialled where nobody names one; None where that is not for the relay to say.
        model_in_query: whether the address names the model.
        says_type: whether its session object names its type.
        opening: what says the profile's session; None where another connection has said all.
        append: the event that brings a piece of the peer's audio.
        meter: what it is billed by.
        turn_state: what knows when it can end without cutting anybody off.
    """

    name: str
    path: str
    model: str | None = None
    model_in_query: bool = False
    says_type: bool = False
    opening: type[Injection | Start] | None = None
    append: str = "input_audio_buffer.append"
    meter: type[Meter | AppendMeter | UsageMeter] = Meter
    turn_state: type[ResponseTurns | TranscriptPauses] = ResponseTurns

    def session_object(self, fields: Mapping[str, Any], model: str | None = None) -> dict[str, Any]:
        """The session object with these fields, and with the model where that is its place; empty for nothing."""
        if model is not None and not self.model_in_query:
            return {"model": model, **fields}
        return {"type": self.name, **fields} if fields and self.says_type else dict(fields)

    def is_served_at(self, endpoint_kind: "Kind") -> bool:
        """Whether sessions of this kind, or what belongs to them, are what there is at that kind's path."""
        return self.path == endpoint_kind.path.partition("/{")[0]


REALTIME = Kind("realtime", "realtime", "gpt-realtime-2.1", model_in_query=True, says_type=True, opening=Injection)
TRANSCRIPTION = Kind("transcription", "realtime", says_type=True, opening=Injection)
SIDEBAND = Kind("sideband", "realtime")
TRANSLATION = Kind(
    "translation",
    "realtime/translations",
    "gpt-realtime-translate",
    model_in_query=True,
    opening=Injection,
    append="session.input_audio_buffer.append",
    meter=AppendMeter,
    turn_state=TranscriptPauses,
)
LIVE = Kind(
    "live",
    "live/sessions",
    "gpt-live-1",
    opening=Start,
    append="session.input_audio.append",
    meter=UsageMeter,
    turn_state=TranscriptPauses,
)
LIVE_SIDEBAND = Kind(
    "live_sideband", "live/sessions/{session_id}/attach", meter=UsageMeter, turn_state=TranscriptPauses
)
LIVE_FORK = replace(LIVE_SIDEBAND, name="live_fork", path="live/sessions/{session_id}/fork", append=LIVE.append)

KINDS: Mapping[str, Kind] = MappingProxyType({kind.name: kind for kind in (REALTIME, TRANSCRIPTION, TRANSLATION, LIVE)})
"""Those for which there can be a profile, by name."""

MINTED = (REALTIME.name, TRANSCRIPTION.name)
"""Those for which a ticket may bring a session, as the API's client secrets do."""

KINDS_BY_PATH: Mapping[str, Kind] = MappingProxyType(
    {kind.path: kind for kind in (REALTIME, TRANSLATION, LIVE, LIVE_SIDEBAND, LIVE_FORK)}
)
"""What there is at each path below `API`."""


def requested_kind(endpoint_kind: Kind, query: Mapping[str, str]) -> Kind:
    """The kind of session that one gets at this kind's path, with what the address says behind the path."""
    if endpoint_kind is not REALTIME:
        return endpoint_kind
    if CALL_ID in query:
        return SIDEBAND
    return TRANSCRIPTION if query.get(INTENT) == "transcription" else REALTIME
