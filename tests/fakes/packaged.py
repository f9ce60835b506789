"""The relay with its page as the wheel has it, run from a copy of the checkout's package."""

import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from relay.building.bundle import bundle
from relay.building.page import assemble
from tests.fakes.process import relay_process_with

ROOT = Path(__file__).parents[2]


@asynccontextmanager
async def packaged_relay(place: Path, *arguments: str) -> AsyncIterator[str]:
    """Run `relay serve` from a copy below `place` that holds the bundles; yields its HTTP address."""
    shutil.copytree(ROOT / "relay", place / "relay", ignore=shutil.ignore_patterns("__pycache__"))
    assemble(ROOT, place / "relay/page", bundle)
    async with relay_process_with({"cwd": place}, arguments, {}) as (_, started):
        yield started["address"]
