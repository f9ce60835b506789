"""What holds for every event of the two dialects, as the `openai` package types them."""

import json

from hypothesis import given, settings
from openai.types.beta.realtime import RealtimeClientEvent as BetaClientEvent
from openai.types.beta.realtime import RealtimeServerEvent as BetaServerEvent

from relay.core.dialect import Translation
from relay.core.dialect.translation import OneWay
from tests.fakes.drawn_events import Body, event, models_of

CLIENT, SERVER = models_of(BetaClientEvent), models_of(BetaServerEvent)


def through(body: Body, *ways: OneWay) -> list[Body]:
    """The events that come out behind these ways."""
    messages: list[str | bytes] = [json.dumps(body)]
    for way in ways:
        messages = [out for message in messages for out in way(message)]
    return [json.loads(message) for message in messages]


def test_the_types_are_all_there() -> None:
    """The package still knows the beta's 12 client and 34 server events."""
    assert (len(CLIENT), len(SERVER)) == (12, 34)


@settings(max_examples=200, deadline=None, derandomize=True)
@given(event(CLIENT))
def test_what_a_beta_peer_says_reaches_a_beta_upstream_as_it_was(body) -> None:
    """A client event of the beta comes out of GA as it went in, whatever it says."""
    translation = Translation()
    assert through(body, translation.from_peer, translation.to_upstream) == [body]


@settings(max_examples=200, deadline=None, derandomize=True)
@given(event(SERVER))
def test_what_a_beta_upstream_says_reaches_a_beta_peer_as_it_was(body) -> None:
    """A server event of the beta comes out of GA as it went in, whatever it says."""
    translation = Translation()
    assert through(body, translation.from_upstream, translation.to_peer) == [body]


NOT_ECHOED = {"client_secret", "input", "max_response_output_tokens"}


@settings(max_examples=200, deadline=None, derandomize=True)
@given(event({kind: CLIENT[kind] for kind in ("session.update", "response.create")}))
def test_a_request_is_echoed_as_it_was_spelt(body) -> None:
    """A GA upstream that grants a wish grants it to a beta peer in its own words, temperature and order included."""
    translation = Translation()
    holder, echo = ("session", "session.updated") if "session" in body else ("response", "response.created")
    [asked] = through(body, translation.from_peer)
    assert "temperature" not in asked.get(holder, {})
    [granted] = through({"type": echo, holder: asked.get(holder, {})}, translation.to_peer)
    wished = {name: value for name, value in body.get(holder, {}).items() if name not in NOT_ECHOED}
    assert {name: granted[holder][name] for name in wished} == wished
