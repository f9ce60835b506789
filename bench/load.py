"""What the load generator does with its sessions: steady talk, silence, or coming and going."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from time import monotonic

from bench.latency import percentiles_us
from bench.outcome import Outcome
from bench.pacer import Pacer
from bench.sessions import Dialler, Ledger, LoadSession, close_all
from bench.usage import Usage
from bench.wire import Script


@dataclass(frozen=True, slots=True)
class Crowd:
    """Who talks, where, and who is watched.

    Attributes:
        sessions: how many at one time.
        window_s: how long is measured.
        meter: reads what the contestant has used.
        injected: the contestant adds a `session.update` to each session.
        answer_timeout_s: how long is waited for the last answers.
        behind_s: so far behind the appends, answers show that the contestant cannot carry the load; no more is sent.
    """

    dialler: Dialler
    script: Script
    sessions: int
    window_s: float
    meter: Callable[[], Usage]
    injected: bool
    answer_timeout_s: float = 10.0
    behind_s: float = 1.0

    async def open_all(self, ledger: Ledger) -> list[LoadSession]:
        """Open all sessions; see `Dialler.open_many`."""
        return await self.dialler.open_many(self.sessions, self.script, ledger)

    async def hear_out(self, ledger: Ledger) -> None:
        """Wait for the last answers, but not for ever."""
        deadline = monotonic() + self.answer_timeout_s
        while ledger.missing > 0 and monotonic() < deadline:  # noqa: ASYNC110 - an event would cost at each answer
            await asyncio.sleep(0.01)

    def faults(self, ledger: Ledger, sessions: int) -> dict[str, int]:
        """What went wrong, once those sessions have got all their answers or nothing more is waited for."""
        injections = sessions if self.injected else 0
        found = {
            "lost": max(ledger.missing, 0),
            "too many": max(-ledger.missing, 0),
            "wrong": ledger.wrong,
            "cut": ledger.cut,
            "not injected": max(injections - ledger.updated, 0),
            "wrongly injected": max(ledger.updated - injections, 0),
        }
        return {name: count for name, count in found.items() if count}


async def talk_steadily(crowd: Crowd, *, interval_s: float, warm_up_s: float) -> Outcome:
    """Send appends at an even pace, and measure a window of it.

    Args:
        interval_s: from one append of a session to its next.
        warm_up_s: how long they talk before the window.
    """
    at_start = crowd.meter()
    ledger = Ledger()
    opened = await crowd.open_all(ledger)
    deltas_per_s = crowd.sessions / interval_s * crowd.script.talk.deltas_per_append
    pacer = Pacer(opened, interval_s, lambda: ledger.missing <= deltas_per_s * crowd.behind_s)
    await asyncio.sleep(warm_up_s)

    first_late, first_trip, first_sent = len(pacer.late_ns), len(ledger.round_trips_ns), ledger.sent
    before, began_at = crowd.meter(), monotonic()
    await asyncio.sleep(crowd.window_s)
    after, ended_at = crowd.meter(), monotonic()
    last_trip, last_sent = len(ledger.round_trips_ns), ledger.sent

    overloaded = pacer.stopped
    pacer.stop()
    await crowd.hear_out(ledger)
    faults = crowd.faults(ledger, crowd.sessions)
    await close_all(opened)
    return Outcome(
        sessions=crowd.sessions,
        window_s=ended_at - began_at,
        used=after - before,
        at_start=at_start,
        at_end=after,
        events_up=last_sent - first_sent,
        events_down=last_trip - first_trip,
        round_trip_us=percentiles_us(ledger.round_trips_ns[first_trip:last_trip]),
        late_us=percentiles_us(pacer.late_ns[first_late:]),
        overloaded=overloaded,
        faults=faults,
    )


async def sit_idle(crowd: Crowd) -> Outcome:
    """Open sessions and say nothing; after the window each says one thing, to show that it still lives."""
    at_start = crowd.meter()
    ledger = Ledger()
    opened = await crowd.open_all(ledger)
    before = crowd.meter()
    await asyncio.sleep(crowd.window_s)
    after = crowd.meter()
    for session in opened:
        session.send_append()
    await crowd.hear_out(ledger)
    faults = crowd.faults(ledger, crowd.sessions)
    await close_all(opened)
    return Outcome(crowd.sessions, crowd.window_s, after - before, at_start, after, faults=faults)


async def come_and_go(crowd: Crowd) -> Outcome:
    """Open a session, exchange one event, close it, and again, several at once."""
    ledger = Ledger()
    opening_ns: list[int] = []
    at_start, began_at = crowd.meter(), monotonic()

    async def visit() -> None:
        while monotonic() < began_at + crowd.window_s:
            asked_at = monotonic()
            session = await crowd.dialler.open(crowd.script, ledger)
            opening_ns.append(int((monotonic() - asked_at) * 1e9))
            session.send_append()
            await asyncio.wait_for(session.answered.wait(), crowd.answer_timeout_s)
            await session.close()

    await asyncio.gather(*(visit() for _ in range(crowd.sessions)))
    at_end, ended_at = crowd.meter(), monotonic()
    return Outcome(
        sessions=crowd.sessions,
        window_s=ended_at - began_at,
        used=at_end - at_start,
        at_start=at_start,
        at_end=at_end,
        events_up=ledger.sent,
        events_down=len(ledger.round_trips_ns),
        round_trip_us=percentiles_us(opening_ns),
        cycles=len(opening_ns),
        faults=crowd.faults(ledger, len(opening_ns)),
    )
