from typing import Literal, get_args, get_origin

import pytest
from openai.types.live import ClientEvent, ConnectClientEvent, ConnectServerEvent, ForkClientEvent, ServerEvent
from openai.types.realtime import (
    RealtimeClientEvent,
    RealtimeServerEvent,
    RealtimeTranslationClientEvent,
    RealtimeTranslationServerEvent,
)

from relay.core import types


def types_of(*unions: object) -> set[str]:
    kinds: set[str] = set()
    for member in (member for union in unions for member in get_args(get_args(union)[0])):
        annotation = member.model_fields["type"].annotation
        assert get_origin(annotation) is Literal
        kinds.update(get_args(annotation))
    return kinds


@pytest.mark.parametrize(
    ("unions", "ours"),
    [
        ([RealtimeClientEvent], types.REALTIME_CLIENT_EVENTS),
        ([RealtimeServerEvent], types.REALTIME_SERVER_EVENTS),
        ([RealtimeTranslationClientEvent], types.TRANSLATION_CLIENT_EVENTS),
        ([RealtimeTranslationServerEvent], types.TRANSLATION_SERVER_EVENTS),
        ([ClientEvent, ConnectClientEvent, ForkClientEvent], types.LIVE_CLIENT_EVENTS),
        ([ServerEvent, ConnectServerEvent], types.LIVE_SERVER_EVENTS),
    ],
)
def test_the_lists_are_the_apis(unions, ours) -> None:
    """The event types that metrics know are those of the openai package, for each kind of session."""
    assert types_of(*unions) == ours


def test_metrics_know_them_all() -> None:
    """One list a direction, whatever the kind of session."""
    assert types.LIVE_CLIENT_EVENTS < types.CLIENT_EVENTS
    assert types.TRANSLATION_SERVER_EVENTS < types.SERVER_EVENTS
