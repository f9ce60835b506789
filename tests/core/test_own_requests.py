"""What the relay asks by itself, and whose answers those are."""

import json

import pytest

from relay.core.own_requests import DELETED, ECHOES, SESSION_UPDATED, OwnRequests


def answer(kind: str, **fields: object) -> str:
    return json.dumps({"type": kind, **fields})


def test_each_has_an_id_of_its_own() -> None:
    """What is asked can be told from what the peer asks, and errors about it by that."""
    own = OwnRequests()
    first, second = (json.loads(own.ask({"type": "response.create"})) for _ in range(2))
    assert first["event_id"] != second["event_id"]
    assert own.answered_by(answer("error", error={"event_id": first["event_id"]}))
    assert not own.answered_by(answer("error", error={"event_id": "event_of_a_peer"}))
    assert not own.answered_by(answer("error", error="odd"))


@pytest.mark.parametrize(
    ("expected", "said"),
    [
        ((ECHOES[0], "i1"), answer(ECHOES[0], item={"id": "i1"})),
        ((DELETED, "i1"), answer(DELETED, item_id="i1")),
        ((SESSION_UPDATED, ""), answer(SESSION_UPDATED, session={})),
    ],
)
def test_each_answer_is_expected_once(expected, said) -> None:
    """An answer that is expected is taken once; another one of its kind is the peer's."""
    own = OwnRequests()
    assert not own.answered_by(said)
    own.ask({"type": "session.update"})
    own.expect(expected[0], item_id=expected[1])
    assert [own.answered_by(said), own.answered_by(said)] == [True, False]


@pytest.mark.parametrize("said", [answer("response.done"), answer(ECHOES[1], item=None), answer(DELETED), "{", "[]"])
def test_all_else_is_the_peers(said) -> None:
    """What answers nothing that was asked here is not kept from the peer."""
    own = OwnRequests()
    own.ask({"type": "session.update"})
    own.expect(*ECHOES, item_id="i1")
    assert not own.answered_by(said)
