"""Other spellings of the relay's addresses, read as the API's own: a slash too many at the end, and Azure's.

Azure OpenAI has the API below `/openai`: GA at `/openai/v1/…`, and the preview, which speaks the beta, at
`/openai/realtime`, where `deployment` names the model. A client that is made for it is given the relay's address and
nothing else. What its address says is said again here as the API's own clients say it, so that nothing behind this
file knows of Azure. A page can set no header on a WebSocket, so Azure takes the key in the address, too: here it is
taken out of it, and is a credential like another.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from urllib.parse import parse_qsl, urlencode

from starlette.types import ASGIApp, Receive, Scope, Send

from relay.admission.credentials import AZURE_HEADER
from relay.admission.session_request import BETA_HEADER, BETA_VERSION
from relay.config.kinds import API, LIVE, REALTIME

AZURE = "/openai/"
AZURE_GA = f"{AZURE}v1/"
AZURE_PREVIEW = f"{AZURE}realtime"
AZURE_PATHS: Mapping[str, str] = MappingProxyType({
    AZURE_PREVIEW: API + REALTIME.path,
    f"{AZURE}realtimeapi/sessions": f"{API}realtime/sessions",
    f"{AZURE_GA}live": API + LIVE.path,
})  # fmt: skip
"""Those that are not the API's own path behind `AZURE_GA`."""

VERSION = "api-version"
DEPLOYMENT = "deployment"
KEY = AZURE_HEADER


@dataclass(frozen=True, slots=True)
class Address:
    """What a request asks for.

    Attributes:
        path: below the relay's root.
        query: as it stands in the address.
        speaks_beta: whether who asks here speaks the beta.
        keys: the credentials that stood in the query, and do no more.
    """

    path: str
    query: bytes
    speaks_beta: bool = False
    keys: tuple[str, ...] = ()


def read_address(path: str, query: bytes, *, is_websocket: bool = False) -> Address:
    """The address as the API has it; one that is no other spelling of any is as it was.

    Azure's packages, given the API's path instead of Azure's, still say the preview's two parameters there.

    Args:
        is_websocket: whether it is a WebSocket's, of which a key in an address of Azure's is read.
    """
    if path.startswith((API, AZURE)):
        path = path.rstrip("/")
    names = {name.lower() for name, _ in _pairs(query)}
    is_preview = path == AZURE_PREVIEW or (path == API + REALTIME.path and names >= {VERSION, DEPLOYMENT})
    if not is_preview and not path.startswith(AZURE):
        return Address(path, query)
    path = AZURE_PATHS.get(path) or path.replace(AZURE_GA, API, 1)
    keys: tuple[str, ...] = ()
    if is_websocket and KEY in names:
        keys = tuple(value.strip() for name, value in _pairs(query) if name.lower() == KEY and value.strip())
        query = urlencode([(name, value) for name, value in _pairs(query) if name.lower() != KEY]).encode()
    return Address(path, _with_model(query) if names & {VERSION, DEPLOYMENT} else query, is_preview, keys)


class Addresses:
    """Hands each request on with its address as the API has it."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "lifespan":
            root = scope.get("root_path", "")
            came = Address(scope["path"].removeprefix(root), scope["query_string"])
            asked = read_address(came.path, came.query, is_websocket=scope["type"] == "websocket")
            if asked != came:
                keys = [(AZURE_HEADER.encode(), key.encode("latin-1", "replace")) for key in asked.keys]
                headers = [*scope["headers"], *[_BETA] * asked.speaks_beta, *keys]
                scope = {**scope, "path": root + asked.path, "query_string": asked.query, "headers": headers}
        await self._app(scope, receive, send)


_BETA = (BETA_HEADER.encode(), BETA_VERSION.encode())


def _with_model(query: bytes) -> bytes:
    """The query without a version, and with the deployment, which counts at Azure, as its model."""
    pairs = [(name, value) for name, value in _pairs(query) if name.lower() != VERSION]
    deployments = [value for name, value in pairs if name.lower() == DEPLOYMENT and value]
    rest = [(name, value) for name, value in pairs if name.lower() not in {DEPLOYMENT, *["model"] * bool(deployments)}]
    return urlencode([*(("model", value) for value in deployments[:1]), *rest]).encode()


def _pairs(query: bytes) -> list[tuple[str, str]]:
    return parse_qsl(query.decode("latin-1"), keep_blank_values=True)
