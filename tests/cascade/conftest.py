from collections.abc import AsyncIterator

import pytest

from relay.stand_ins.services import ScriptedServices, serve_services


@pytest.fixture
async def services() -> AsyncIterator[ScriptedServices]:
    async with serve_services() as serving:
        yield serving
