"""What a call's reports of its sound say, and when."""

import asyncio

from structlog.testing import capture_logs

from relay.calls.sound_reports import SoundReports
from relay.legs.webrtc.media import Quality


class Call:
    """A call whose sound goes as a test says; each report is kept."""

    def __init__(self) -> None:
        self.quality = Quality()
        self.played_s = 0.0
        self.told: list[tuple[Quality, float]] = []
        self.was_told = asyncio.Event()
        self.fails = False
        self.asked = asyncio.Event()
        self.reports = SoundReports(self._quality, lambda: self.played_s, self._take)

    def _take(self, heard: Quality, played_s: float) -> None:
        self.told.append((heard, played_s))
        self.was_told.set()

    async def _quality(self) -> Quality:
        if self.fails:
            self.asked.set()
            raise RuntimeError("of the library")
        return self.quality


async def test_each_report_is_of_what_came_since() -> None:
    """Sums grow by what came between two reports; how unevenly it comes is told as it is."""
    call = Call()
    call.quality, call.played_s = Quality(100, 2, 0.01, 0.5), 1.5
    await call.reports.tell()
    call.quality, call.played_s = Quality(150, 3, 0.02, 0.75), 2.0
    await call.reports.tell()
    assert call.told == [
        (Quality(100, 2, 0.01, 0.5), 1.5),
        (Quality(50, 1, 0.02, 0.25), 0.5),
    ]


async def test_what_is_taken_back_is_not_counted_twice() -> None:
    """A packet that came twice makes fewer lost; a counter cannot fall, and counts the next loss once."""
    call = Call()
    for lost in (3, 1, 4):
        call.quality = Quality(100, lost)
        await call.reports.tell()
    assert [heard.lost for heard, _ in call.told] == [3, 0, 1]


async def test_it_is_told_while_it_goes_on_and_at_its_end() -> None:
    """The rest is told once, when the call is over."""
    call = Call()
    call.played_s = 2.0
    async with call.reports.told(every_s=0):
        await call.was_told.wait()
        call.played_s = 3.0
    assert sum(played_s for _, played_s in call.told) == 3.0


async def test_a_report_that_fails() -> None:
    """It is said once in a row, the reports go on, and the next one has what came meanwhile."""
    call = Call()
    with capture_logs() as log:
        async with call.reports.told(every_s=0):
            call.fails = True
            for _ in range(3):
                call.asked.clear()
                await call.asked.wait()
            call.was_told.clear()
            call.fails, call.played_s = False, 2.0
            await call.was_told.wait()
    assert sum(played_s for _, played_s in call.told) == 2.0
    assert [(entry["event"], entry["why"]) for entry in log] == [("call.not_measured", "RuntimeError")]


async def test_the_last_report_fails() -> None:
    """A call whose end cannot be measured has ended all the same."""
    call = Call()
    call.fails = True
    with capture_logs() as log:
        async with call.reports.told(every_s=60):
            pass
    assert [entry["event"] for entry in log] == ["call.not_measured"]
