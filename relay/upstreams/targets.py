"""Requests made into targets: the address that is dialled for a session, and the headers.

Nothing is opened here. Stand-ins, which live in the relay's own process, have no address before they run.
"""

import os
from collections.abc import Callable, Mapping
from importlib.util import find_spec
from urllib.parse import parse_qsl, urlencode, urlsplit

from relay.admission.session_request import AdmittedRequest
from relay.config.errors import SettingsError
from relay.config.kinds import INTENT, REALTIME, TRANSCRIPTION
from relay.config.settings import Settings
from relay.config.upstream_options import CASCADE
from relay.core.causes import Cause
from relay.core.closing import Refused, ended
from relay.legs.proxies import proxies_in
from relay.legs.target import Target
from relay.upstreams.providers import Provider, read_provider
from relay.upstreams.query import folded, upstream_query
from relay.version import __version__

Upstream = Callable[[AdmittedRequest], Target]

TRANSCRIBES = (INTENT, TRANSCRIPTION.name)


def make_upstream(settings: Settings) -> Upstream | None:
    """The upstream that the settings name; None for one that has no address before it runs.

    Raises:
        SettingsError: something that the provider needs is missing; the words name it.
    """
    if settings.upstream in {"mock", CASCADE} or settings.upstream.startswith("replay:"):
        return None
    provider = read_provider(settings)
    check_proxies(os.environ, makes_calls=provider.makes_calls)
    return upstream_of(provider)


def check_proxies(
    environment: Mapping[str, str], *, makes_calls: bool, has_package: Callable[[str], object] = find_spec
) -> None:
    """Raise `SettingsError` with what is wrong with the forward proxies that the environment names."""
    try:
        for name, proxy in proxies_in(environment):
            if proxy.is_socks and makes_calls and not has_package("socksio"):
                raise SettingsError(
                    f"{name}: a SOCKS proxy takes a package that is not here, for calls.\n"
                    "Install the extra: pip install 'realtime-relay[socks]'."
                )
    except ValueError as failure:
        raise SettingsError(str(failure)) from None


def upstream_at(address: str, headers: Mapping[str, str], *, makes_calls: bool = False) -> Upstream:
    """An upstream in this process, whose own query parameters cannot be changed by a peer."""
    return upstream_of(Provider("", address, headers, makes_calls=makes_calls, is_local=True))


def upstream_of(provider: Provider) -> Upstream:
    """A provider as an upstream."""
    parts = urlsplit(provider.url)
    fixed = parse_qsl(parts.query, keep_blank_values=True)
    not_asked = {folded(name) for name in (*provider.keeps_back, *(name for name, _ in fixed))}
    headers = {"User-Agent": f"realtime-relay/{__version__}", **provider.headers}
    scheme = "http" if parts.scheme == "ws" else "https"
    calls_url = parts._replace(scheme=scheme, path=f"{parts.path}/calls").geturl() if provider.makes_calls else None

    def target(request: AdmittedRequest) -> Target:
        said = upstream_query(request)
        unwanted = not_asked | ({"model"} if provider.refuses_model_with_intent and TRANSCRIBES in said else set())
        asked = [pair for pair in said if folded(pair[0]) not in unwanted]
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
            is_local=provider.is_local,
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
