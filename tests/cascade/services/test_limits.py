"""relay.cascade.services.limits"""

import pytest

from relay.cascade.orders import RateLimit, Think, Thought
from relay.cascade.services.limits import rate_limits, seconds_until
from tests.fakes.orders import cascade_at, ordering

TOKENS = {
    "x-ratelimit-limit-tokens": "40000",
    "x-ratelimit-remaining-tokens": "39876",
    "x-ratelimit-reset-tokens": "185ms",
}


@pytest.mark.parametrize(
    ("span", "seconds"),
    [("6m0s", 360.0), ("185ms", 0.185), ("1h2m3.5s", 3723.5), ("1.5", 1.5), ("0s", 0.0)],
)
def test_a_span(span: str, seconds: float) -> None:
    """Spans are written in hours, minutes, seconds and milliseconds, or as a number of seconds."""
    assert seconds_until(span) == seconds


@pytest.mark.parametrize("span", ["", "soon", "6m ", "-1s", "1d", "2026-11-27T10:00:00Z"])
def test_what_is_no_span(span: str) -> None:
    """Whatever else stands there says nothing."""
    assert seconds_until(span) is None


@pytest.mark.parametrize("kind", ["chat", "responses"])
async def test_the_end_of_an_answer_has_them(services, kind) -> None:
    """What the answer's headers said comes with its end, by either way to a model."""
    services.script.headers = TOKENS
    async with ordering(cascade_at(services, think={"kind": kind})) as orderer:
        *_, thought = await orderer.carry_out(Think(1, ({"role": "user", "content": "Hello."},)))
    assert isinstance(thought, Thought)
    assert thought.limits == (RateLimit("tokens", 40000, 39876, 0.185),)


def test_limits_are_read_where_they_are_told_in_full() -> None:
    """A limit of which something is missing or no number is left out."""
    assert rate_limits(TOKENS) == (RateLimit("tokens", 40000, 39876, 0.185),)
    assert rate_limits({}) == ()
    for name in TOKENS:
        assert rate_limits({**TOKENS, name: "?"}) == ()
