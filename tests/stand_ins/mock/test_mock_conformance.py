"""The check that all other tests lean on finds what is wrong with an event."""

from collections.abc import Callable
from copy import deepcopy
from typing import Any

import pytest
from pydantic import ValidationError

from tests.stand_ins.mock.conformance import conforms
from tests.stand_ins.mock.talk import Talk

Change = Callable[[dict[str, Any]], object]


def response_done() -> dict[str, Any]:
    (done,) = (event for event in Talk().ask("Hello.") if event["type"] == "response.done")
    return done


@pytest.mark.parametrize(
    "change",
    [
        lambda event: event.pop("event_id"),
        lambda event: event.update(event_id=7),
        lambda event: event["response"].update(status="finished"),
        lambda event: event["response"].update(output_modalities=["video"]),
        lambda event: event["response"]["output"][0].pop("role"),
        lambda event: event["response"]["output"][0]["content"][0].update(type="input_audio"),
        lambda event: event["response"]["usage"].update(total_tokens="12"),
    ],
)
def test_what_does_not_conform_is_found(change: Change) -> None:
    """A missing field, a wrong literal or a wrong type fails, at any depth."""
    event = deepcopy(response_done())
    conforms(event)
    change(event)
    with pytest.raises(ValidationError):
        conforms(event)


def test_what_is_not_declared_is_found() -> None:
    """A field that the API is not known to send fails too."""
    event = deepcopy(response_done())
    event["response"]["output"][0]["colour"] = "red"
    with pytest.raises(AssertionError):
        conforms(event)
    with pytest.raises(KeyError):
        conforms({"type": "response.finished", "event_id": "event_1"})
