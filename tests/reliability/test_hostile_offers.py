"""Many offers that somebody has spoilt, for the library of C++ code that reads them."""

import asyncio

import pytest

from tests.legs.webrtc.test_hostile_offers import try_many

pytestmark = pytest.mark.reliability


async def test_a_thousand_spoilt_offers() -> None:
    """A thousand of them leave the process alive, and not a task behind."""
    tasks = len(asyncio.all_tasks())
    await try_many("wrtc", 1000)
    assert len(asyncio.all_tasks()) <= tasks + 2
