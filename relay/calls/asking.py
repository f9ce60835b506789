"""What is asked of the API for a call: the profile's session, with what the caller brings, and no more than it may."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from relay.admission.brought import with_session
from relay.admission.identity import Identity
from relay.admission.mint_request import RequestWrong
from relay.calls.form import Offer
from relay.profiles import Profile
from relay.upstreams import Ask, dialled_model


def ask_for(query: Iterable[tuple[str, str]], identity: Identity, profile: Profile, offer: Offer) -> Ask:
    """What the caller asks for. Its session counts as a ticket's does: over the profile's, but for what that locks.

    Raises:
        RequestWrong: the session is of another kind than the profile's, or its model is no name.
    """
    session = dict(offer.session)
    if not isinstance(session.get("model", ""), str):
        raise RequestWrong("session.model: must be a string")
    if profile.model_fixed:
        session.pop("model", None)
    try:
        merged = with_session(profile, session)
    except ValueError as wrong:
        raise RequestWrong(str(wrong)) from None
    merged = replace(merged, model_fixed=merged.model_fixed or profile.model_fixed)
    return Ask(tuple(pair for pair in query if pair[0] == "model"), merged, identity)


def session_of(ask: Ask) -> Mapping[str, Any]:
    """The session that the call is made with."""
    model = dialled_model(ask)
    if model is None:
        return {"type": "transcription", **ask.profile.session}
    return {"type": "realtime", **ask.profile.session, "model": model}


def sideband_of(ask: Ask, call_id: str) -> Ask:
    """What is dialled to watch the call. It has its session, so nothing is injected; it has no peer to lock out."""
    return Ask((("call_id", call_id),), replace(ask.profile, session={}, lock=()), ask.identity)
