"""What goes upstream in the query string: the model, and what the peer may say there."""

from relay.admission.session_request import AdmittedRequest
from relay.config.kinds import CALL_ID, INTENT, REALTIME, TRANSCRIPTION, Kind, requested_kind

_OURS = frozenset({"profile", "relay_events"})
_CREDENTIALS = frozenset({"api_key", "api-key", "apikey", "access_token", "authorization", "token"})
_NAMES_NO_MODEL = frozenset({CALL_ID, INTENT})


def upstream_query(request: AdmittedRequest) -> list[tuple[str, str]]:
    """What goes upstream of the peer's query: everything but our own parameters and anything that may be a secret.

    The profile's model is added unless the peer names one, or a call or an intent, which take none
    (the API refuses `intent=transcription` together with a model), or the kind of session has none in its address.
    Where a profile locks anything, its peer chooses neither a call nor an intent: a session of another kind would
    have nothing of what is locked.
    """
    kept_back = _OURS | _CREDENTIALS | (_NAMES_NO_MODEL if request.profile.lock else frozenset())
    if "model" in request.profile.lock or request.profile.model_fixed:
        kept_back |= {"model"}
    said = [(name, value) for name, value in request.query if name != "model" or value.strip()]  # an empty one is none
    passed_on = [(name, value) for name, value in said if name.lower() not in kept_back]
    names = {name for name, _ in passed_on}
    if names & _NAMES_NO_MODEL:
        return passed_on
    if request.profile.kind is TRANSCRIPTION:
        return [*passed_on, (INTENT, "transcription")]
    if "model" in names or request.profile.model is None or not request.endpoint_kind.model_in_query:
        return passed_on
    return [("model", request.profile.model), *passed_on]


def dialled_model(request: AdmittedRequest) -> str | None:
    """The model that goes upstream in the query; None where none does."""
    return dict(upstream_query(request)).get("model")


def chosen_model(request: AdmittedRequest) -> str | None:
    """The model that goes upstream, where it is not the one that the peer named."""
    model = dialled_model(request)
    return None if model == dict(request.query).get("model") else model


def nobody_named_a_model(request: AdmittedRequest) -> bool:
    """Whether only the relay's own default is left, so that what the peer says later counts."""
    profile = request.profile
    if request.endpoint_kind is not REALTIME or profile.model is None or profile.model_named or profile.model_fixed:
        return False
    return "model" not in profile.lock and chosen_model(request) == profile.model


def session_kind(request: AdmittedRequest) -> Kind:
    """Of the session that the upstream is asked for."""
    return requested_kind(request.endpoint_kind, dict(upstream_query(request)))
