"""Legs where no lane could be compiled: all of it goes through Python, and nothing else is different."""

import asyncio
import sys

WITHOUT = """
import sys
sys.modules["relay.legs.lane"] = None
import pytest
sys.exit(pytest.main(["-q", "-p", "no:cacheprovider", "tests/relaying/test_dialects.py", "-k", "python"]))
"""


async def test_other_dialects_are_spoken() -> None:
    """What a dialect does in a lane where there is one, it does without, too."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", WITHOUT, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT
    )
    said, _ = await process.communicate()
    assert process.returncode == 0, said.decode()
