from typing import Literal, get_args, get_origin

import pytest
from openai.types.realtime import RealtimeClientEvent, RealtimeServerEvent

from relay.core.types import CLIENT_EVENTS, SERVER_EVENTS


def types_of(union: object) -> set[str]:
    members = get_args(get_args(union)[0])
    kinds: set[str] = set()
    for member in members:
        annotation = member.model_fields["type"].annotation
        assert get_origin(annotation) is Literal
        kinds.update(get_args(annotation))
    return kinds


@pytest.mark.parametrize(
    ("union", "ours"), [(RealtimeClientEvent, CLIENT_EVENTS), (RealtimeServerEvent, SERVER_EVENTS)]
)
def test_the_lists_are_the_apis(union, ours) -> None:
    """The event types that metrics know are those of the openai package."""
    assert types_of(union) == ours
