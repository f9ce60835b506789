"""Scripts on a clock that stands still until it is told."""

import math
from collections.abc import Iterator

from relay.engine.events import Event
from relay.engine.schedule import Pause, Schedule, Script


def script(name: str, *pauses: float) -> Script:
    """An event, then one behind each pause; the type is the name and the number."""
    for number, pause in enumerate([0.0, *pauses]):
        yield Pause(pause)
        yield {"type": f"{name}{number}"}


def types(events: Iterator[Event | None]) -> list[str]:
    return [event["type"] for event in events if event]


def due_by(schedule: Schedule, now: float) -> list[str]:
    return types(iter(lambda: schedule.next_event(now), None))


def test_scripts_run_side_by_side() -> None:
    """Events come in the order of their times, not of their scripts."""
    schedule = Schedule()
    schedule.start(script("a", 2, 2), 0)
    schedule.start(script("b", 1, 2), 0)
    assert due_by(schedule, 10) == ["a0", "b0", "b1", "a1", "b2", "a2"]
    assert schedule.next_due is None


def test_nothing_comes_before_its_time() -> None:
    """next_due says when to ask again; asking earlier is of no use."""
    schedule = Schedule()
    schedule.start(script("a", 2), 100)
    assert due_by(schedule, 100) == ["a0"]
    assert schedule.next_due == 102
    assert due_by(schedule, 101.9) == []
    assert due_by(schedule, 102) == ["a1"]


def test_who_asks_late_gets_what_was_missed() -> None:
    """A reader who was busy gets everything that is due; pauses count from when things were due, not were read."""
    schedule = Schedule()
    schedule.start(script("a", 1, 1, 1), 0)
    assert due_by(schedule, 2.5) == ["a0", "a1", "a2"]
    assert schedule.next_due == 3


def test_a_stopped_script_says_no_more() -> None:
    """Stopping leaves the others alone, and may be done twice."""
    schedule = Schedule()
    first = schedule.start(script("a", 1), 0)
    schedule.start(script("b", 1), 0)
    assert due_by(schedule, 0) == ["a0", "b0"]
    schedule.stop(first)
    schedule.stop(first)
    assert due_by(schedule, 5) == ["b1"]
    schedule.start(script("c"), 5)
    schedule.stop_all()
    assert due_by(schedule, 5) == []


def test_a_script_can_be_rushed() -> None:
    """The rest of a script comes at once, and it is over."""
    schedule = Schedule()
    running = schedule.start(script("a", 5, 5), 0)
    assert due_by(schedule, 0) == ["a0"]
    assert types(schedule.rush(running)) == ["a1", "a2"]
    assert schedule.next_due is None


def test_a_script_may_start_another() -> None:
    """What a script starts on its way runs after it."""
    schedule = Schedule()

    def starting() -> Script:
        schedule.start(script("b"), 0)
        yield {"type": "a"}

    schedule.start(starting(), 0)
    assert due_by(schedule, 0) == ["a", "b0"]


def test_a_script_may_wait_until_it_is_woken() -> None:
    """A pause without an end is over when somebody says so; scripts that wait for a time are not disturbed."""
    schedule = Schedule()
    schedule.start(script("a", math.inf, 5), 0)
    schedule.start(script("b", 5), 0)
    assert due_by(schedule, 0) == ["a0", "b0"]
    assert schedule.next_due == 5
    schedule.wake(1)
    assert due_by(schedule, 1) == ["a1"]
    assert due_by(schedule, 6) == ["b1", "a2"]
