"""What goes upstream in the query string: the model, and what the peer may say there.

Parameters that a peer may not set are known by their folded names: whoever reads them may mind letter case, marks and
escapes less than the relay does.
"""

import re
import unicodedata
from urllib.parse import unquote_plus

from relay.admission.session_request import AdmittedRequest
from relay.config.kinds import CALL_ID, INTENT, REALTIME, TRANSCRIPTION, Kind, requested_kind

MODEL = "model"
MOST_ESCAPES = 4
"""How often a name may be escaped in another escape and still be known; each proxy on the way may take off one."""

_OURS = frozenset({"profile", "relay_events", "resume", "conversation"})
_NAMES_NO_MODEL = frozenset({CALL_ID, INTENT})

_CREDENTIAL_NAME = re.compile(
    r"secret|passw|passphrase|credential|authorization|bearer|apikey|accesskey|accesstoken"
    r"|(key|token|pass|pwd|auth|jwt|sig|signature|cookie|ticket)$"
)
_CREDENTIAL = re.compile(r"bearer\s|(sk|xai)-\w|ek_|rt_[\w-]{43}$|ey\w+\.ey\w+\.", re.IGNORECASE | re.ASCII)
"""How a credential begins that has a name of another sort: keys, tickets and tokens of the relay, JWTs."""


def upstream_query(request: AdmittedRequest) -> tuple[tuple[str, str], ...]:
    """What goes upstream of the peer's query: everything but our own parameters and anything that may be a secret.

    The profile's model is added unless the peer names one, or a call or an intent, which take none
    (the API refuses `intent=transcription` together with a model), or the kind of session has none in its address.
    Of these three the last one counts that is asked for twice, and no other spelling of theirs is passed on.
    Where a profile locks anything, its peer chooses a model at most: a session of another kind would have nothing of
    what is locked, and nobody knows what another parameter sets.
    """
    if "query" not in request.worked_out:  # a dozen places ask for it
        request.worked_out["query"] = tuple(_upstream_query(request))
    query: tuple[tuple[str, str], ...] = request.worked_out["query"]
    return query


def _upstream_query(request: AdmittedRequest) -> list[tuple[str, str]]:
    passed_on = _passed_on(request)
    names = {name for name, _ in passed_on}
    if names & _NAMES_NO_MODEL:
        return passed_on
    if request.profile.kind is TRANSCRIPTION:
        return [*passed_on, (INTENT, "transcription")]
    if MODEL in names or request.profile.model is None or not request.endpoint_kind.model_in_query:
        return passed_on
    return [(MODEL, request.profile.model), *passed_on]


def folded(name: str) -> str:
    """A parameter's name as somebody may understand it who unescapes it again, and minds letters and digits alone."""
    for _ in range(MOST_ESCAPES):
        name = unquote_plus(name)
    return "".join(filter(str.isalnum, unicodedata.normalize("NFKC", name).casefold()))


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


def seen_call(request: AdmittedRequest) -> str | None:
    """The call or the session of others that is asked for, where it is certainly one."""
    if request.other_id:
        return request.other_id
    ids = [value for name, value in upstream_query(request) if name.casefold() == CALL_ID]
    return ids[0] if len(ids) == 1 else None


def session_kind(request: AdmittedRequest) -> Kind:
    """Of the session that the upstream is asked for."""
    return requested_kind(request.endpoint_kind, dict(upstream_query(request)))


_KNOWN = {folded(name): name for name in (*_OURS, *_NAMES_NO_MODEL, MODEL)}
_STANDS_ONCE = frozenset({MODEL, *_NAMES_NO_MODEL})


def _passed_on(request: AdmittedRequest) -> list[tuple[str, str]]:
    """The pairs that the peer may send there, in their order."""
    pairs = [(name, value) for name, value in request.query if _may_pass(name, value, request)]
    last = {name: place for place, (name, _) in enumerate(pairs)}
    return [pair for place, pair in enumerate(pairs) if pair[0] not in _STANDS_ONCE or last[pair[0]] == place]


def _may_pass(name: str, value: str, request: AdmittedRequest) -> bool:
    profile = request.profile
    if name == MODEL:
        return bool(value.strip()) and not ("model" in profile.lock or profile.model_fixed)  # an empty one is none
    if profile.lock or _KNOWN.get(folded(name), name) != name or name in _OURS:
        return False
    return not _may_be_a_credential(name, value) and value not in request.credentials


def _may_be_a_credential(name: str, value: str) -> bool:
    """Whether nobody upstream should learn this; a name that no API has is not passed on either."""
    plain = folded(name)
    return not plain.isascii() or bool(_CREDENTIAL_NAME.search(plain)) or bool(_CREDENTIAL.match(value.strip()))
