import json

import pytest

from relay.core.chosen_model import ChosenModel
from tests.fakes.legs import Joined


@pytest.fixture
def joined() -> Joined:
    return Joined(ChosenModel("ours")).opened()


def test_another_model_is_taken_out(joined) -> None:
    """What else an update says goes up, and it keeps its event id."""
    joined.peer_says(
        '{"type":"session.update","event_id":"e1","session":{"type":"realtime","model":"theirs","tools":[]}}'
    )
    [sent] = joined.upstream.sent
    assert json.loads(sent) == {
        "type": "session.update",
        "event_id": "e1",
        "session": {"type": "realtime", "tools": []},
    }


@pytest.mark.parametrize(
    "message",
    [
        '{ "type":"session.update", "session":{"model":"ours"}}',
        '{ "type":"session.update", "session":{"instructions":"model"}}',
        '{ "type":"session.update", "session":[]}',
        '{ "type":"session.update"}',
        '{ "type":"response.create", "response":{"model":"theirs"}}',
        "no event",
    ],
)
def test_all_else_goes_up_as_it_came(joined, message) -> None:
    """The chosen model, an update without one, and every other event are left as they are."""
    joined.peer_says(message)
    assert joined.upstream.sent == [message]
