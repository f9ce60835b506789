"""Requests without an answer."""

import json

import pytest

from relay.core.events import Event, read_peer_event, read_upstream_event
from relay.core.outstanding import MOST, MOST_CHARS, PATIENCE_S, Outstanding


def up(kind: str, **fields: object) -> Event:
    return read_peer_event(json.dumps({"type": kind, **fields}))


def down(kind: str, **fields: object) -> Event:
    return read_upstream_event(json.dumps({"type": kind, **fields}))


CREATE = up("conversation.item.create", event_id="e1", item={"id": "i1"})
UNNAMED = up("conversation.item.create", item={})
ASK = up("response.create", event_id="e2")


@pytest.mark.parametrize(
    ("asked", "said", "left"),
    [
        ([CREATE, ASK], down("conversation.item.added", item={"id": "i1"}), [ASK]),
        ([CREATE, ASK], down("conversation.item.created", item={"id": "i1"}), [ASK]),
        ([CREATE], down("conversation.item.added", item={"id": "i2"}), [CREATE]),
        ([UNNAMED, UNNAMED], down("conversation.item.added", item={"id": "i2"}), [UNNAMED]),
        ([CREATE, ASK], down("response.created", response={}), [CREATE]),
        ([CREATE, ASK], down("error", error={"event_id": "e1"}), [ASK]),
        ([CREATE, ASK], down("error", error={"event_id": "e9"}), [CREATE, ASK]),
        ([CREATE], down("error", error="odd"), [CREATE]),
        ([CREATE], down("conversation.item.done", item={"id": "i1"}), [CREATE]),
    ],
)
def test_what_answers_what(asked, said, left) -> None:
    """A request is answered by what names it, by its error, or by the first of its kind."""
    outstanding = Outstanding()
    for event in asked:
        outstanding.asked(event, 0.0)
    outstanding.answered(said)
    assert outstanding.events == left


def test_it_is_not_waited_for_long() -> None:
    """A request that nobody answers holds nothing up after a while."""
    outstanding = Outstanding()
    assert not outstanding.is_pending(0.0)
    outstanding.asked(CREATE, 0.0)
    assert outstanding.is_pending(PATIENCE_S - 0.1)
    assert not outstanding.is_pending(PATIENCE_S)


def test_what_is_kept_is_bounded() -> None:
    """A peer that asks without end, or for much at once, fills nothing: the latest is kept, and what is small."""
    outstanding = Outstanding()
    for _ in range(MOST + 1):
        outstanding.asked(CREATE, 0.0)
    assert len(outstanding.events) == MOST
    outstanding.asked(up("conversation.item.create", item={"image": "x" * MOST_CHARS}), 0.0)
    assert outstanding.events == []
    outstanding.asked(ASK, 0.0)
    assert outstanding.events == [ASK]
