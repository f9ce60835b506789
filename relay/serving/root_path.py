"""The path under which a proxy shows the relay, where the proxy leaves it on the requests."""

from starlette.types import ASGIApp, Receive, Scope, Send


class RootPath:
    """Takes the path off again. A request without it, such as a probe's, is served as well.

    Args:
        path: with a slash before it and none behind.
    """

    def __init__(self, app: ASGIApp, path: str) -> None:
        self._app = app
        self._path = path

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "lifespan":
            outer = scope.get("root_path", "")
            root = outer + self._path
            if scope["path"] == root or scope["path"].startswith(f"{root}/"):
                scope = {**scope, "root_path": root}
        await self._app(scope, receive, send)
