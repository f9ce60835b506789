"""Much that somebody hostile says over a call's channel."""

import asyncio

import pytest

from tests.endpoints.test_hostile_channel import say_many

pytestmark = pytest.mark.reliability


@pytest.mark.parametrize("engine", ["wrtc", "aiortc"])
async def test_a_thousand_hostile_messages(engine) -> None:
    """The locks hold, the call goes on, and no task is left behind it."""
    tasks = len(asyncio.all_tasks())
    await say_many(engine, 1000)
    assert len(asyncio.all_tasks()) <= tasks + 2
