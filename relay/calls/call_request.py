"""What is asked of the API for a call: the profile's session, with what the caller brings, and no more than it may."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from relay.admission.session_request import CONVERSATION, AdmittedRequest
from relay.admission.ticket_session import with_session
from relay.calls.form import Offer
from relay.config.errors import RequestInvalid
from relay.upstreams.query import dialled_model


def call_request(request: AdmittedRequest, offer: Offer) -> AdmittedRequest:
    """The request with the session that the offer brings, which counts as a ticket's does.

    It goes over the profile's, but for what that locks. Of the query the model counts and the conversation.

    Raises:
        RequestInvalid: the session is of another kind than the profile's, or its model is no name.
    """
    profile, session = request.profile, dict(offer.session)
    if not isinstance(session.get("model", ""), str):
        raise RequestInvalid("session.model: must be a string")
    if profile.model_fixed:
        session.pop("model", None)
    try:
        merged = with_session(profile, session)
    except ValueError as wrong:
        raise RequestInvalid(str(wrong)) from None
    return replace(
        request,
        query=tuple(pair for pair in request.query if pair[0] in {"model", CONVERSATION}),
        profile=replace(merged, model_fixed=merged.model_fixed or profile.model_fixed),
    )


def session_of(request: AdmittedRequest) -> Mapping[str, Any]:
    """The session that the call is made with."""
    model = dialled_model(request)
    if model is None:
        return {"type": "transcription", **request.profile.session}
    return {"type": "realtime", **request.profile.session, "model": model}


def sideband_of(request: AdmittedRequest, call_id: str) -> AdmittedRequest:
    """What is dialled to watch the call. It has its session, so nothing is injected; it has no peer to lock out."""
    return replace(request, query=(("call_id", call_id),), profile=replace(request.profile, session={}, lock=()))
