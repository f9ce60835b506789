"""Upstreams that are run in the relay's own process: the cascade, and the stand-ins."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from relay.config.settings import Settings
from relay.config.upstream_options import CASCADE
from relay.core.tally import StageTally
from relay.upstreams.targets import Upstream

REPLAY = "replay:"


def check_local_upstream(settings: Settings) -> None:
    """Raise `SettingsError` where the settings name an upstream of this process that could not be run."""
    if settings.upstream == CASCADE:
        from relay.cascade.serving import check_cascade  # noqa: PLC0415 - 2 MB, for who has a cascade

        check_cascade(settings)
    elif settings.upstream.startswith(REPLAY):
        from relay.stand_ins.serving import check_stand_in  # noqa: PLC0415 - 2 MB, for who has a recording said again

        check_stand_in(settings.upstream)


@asynccontextmanager
async def serve_local_upstream(settings: Settings, tally: StageTally) -> AsyncIterator[Upstream]:
    """Run the upstream that the settings name until the context is left; yields how to reach it."""
    if settings.upstream == CASCADE:
        from relay.cascade.serving import serve_cascade  # noqa: PLC0415 - 2 MB, for who has a cascade

        async with serve_cascade(settings) as (upstream, server):
            tally.failures = server.failures
            yield upstream
        return
    from relay.stand_ins.serving import serve_stand_in  # noqa: PLC0415 - 2 MB, for who has a mock or a replay

    async with serve_stand_in(settings.upstream) as upstream:
        yield upstream
