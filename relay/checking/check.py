"""What a check is, and what it may find."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from enum import StrEnum

from relay.checking.endpoint import Endpoint


class Found(StrEnum):
    PASS = "pass"  # noqa: S105 - the opposite of fail
    FAIL = "fail"
    NOT_APPLICABLE = "n/a"


class Failed(Exception):  # noqa: N818 - the fact, not the fault
    """The endpoint does not do what the check asks for; the words say what it did instead."""


class NotApplicable(Exception):  # noqa: N818 - as above
    """The check cannot tell anything here; the words say why."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a check found.

    Attributes:
        name: the check's.
        reason: one sentence with the figures.
    """

    name: str
    found: Found
    reason: str


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that clients rely on.

    Attributes:
        name: what `--only` takes.
        asks: one sentence.
        run: tries it at a endpoint and returns what was seen; raises `Failed` or `NotApplicable`.
    """

    name: str
    asks: str
    run: Callable[[Endpoint], Awaitable[str]]


def check(asks: str) -> Callable[[Callable[[Endpoint], Awaitable[str]]], Check]:
    """Make a check of a function; its name is the function's, with hyphens."""
    return lambda run: Check(run.__name__.replace("_", "-"), asks, run)


def expect(holds: object, otherwise: str) -> None:
    if not holds:
        raise Failed(otherwise)
