"""Requests made into targets: the address that is dialled for a session, and the headers.

Nothing is opened here. Stand-ins, which live in the relay's own process, have no address before they run.
"""

from collections.abc import Callable, Mapping
from urllib.parse import parse_qsl, urlencode, urlsplit

from relay.admission.session_request import AdmittedRequest
from relay.config.kinds import REALTIME
from relay.config.settings import Settings
from relay.core.closing import Cause, Refused, ended
from relay.legs.target import Target
from relay.upstreams.providers import Provider, read_provider
from relay.upstreams.query import folded, upstream_query
from relay.version import __version__

Upstream = Callable[[AdmittedRequest], Target]


def make_upstream(settings: Settings) -> Upstream | None:
    """The upstream that the settings name; None for one that has no address before it runs.

    Raises:
        SettingsError: something that the provider needs is missing; the words name it.
    """
    if settings.upstream == "mock" or settings.upstream.startswith("replay:"):
        return None
    return upstream_of(read_provider(settings))


def upstream_at(address: str, headers: Mapping[str, str], *, makes_calls: bool = False) -> Upstream:
    """An upstream at one address, whose own query parameters cannot be changed by a peer."""
    return upstream_of(Provider("", address, headers, makes_calls=makes_calls))


def upstream_of(provider: Provider) -> Upstream:
    """A provider as an upstream."""
    parts = urlsplit(provider.url)
    fixed = parse_qsl(parts.query, keep_blank_values=True)
    not_asked = {folded(name) for name in (*provider.keeps_back, *(name for name, _ in fixed))}
    headers = {"User-Agent": f"realtime-relay/{__version__}", **provider.headers}
    scheme = "http" if parts.scheme == "ws" else "https"
    calls_url = parts._replace(scheme=scheme, path=f"{parts.path}/calls").geturl() if provider.makes_calls else None

    def target(request: AdmittedRequest) -> Target:
        asked = [pair for pair in upstream_query(request) if folded(pair[0]) not in not_asked]
        query = [(provider.model_parameter if name == "model" else name, value) for name, value in asked]
        subject = request.identity.subject_hash if provider.tells_subject else None
        return Target(
            parts._replace(path=_path(provider, parts.path, request), query=urlencode([*fixed, *query])).geturl(),
            {**headers, "OpenAI-Safety-Identifier": subject} if subject else headers,
            credentials=provider.credentials,
            dialect=provider.dialect,
            provider=provider.name,
            advice=provider.advice,
            calls_url=calls_url,
        )

    return target


def _path(provider: Provider, path: str, request: AdmittedRequest) -> str:
    """The path for what is asked for: the provider's own, or one beside it, as the API has them.

    Raises:
        Refused: the provider has none.
    """
    if request.endpoint_kind is REALTIME:
        return path
    root = path.removesuffix(REALTIME.path)
    if provider.only_realtime or provider.dialect is not None or root == path:
        raise Refused(ended(Cause.KIND_REFUSED))
    return root + request.endpoint_kind.path.format(session_id=request.other_id)
