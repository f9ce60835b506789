"""docs/closing.md, row by row, over real sockets: a peer and an upstream get what the table says that they get."""

import json
import re
from http import HTTPStatus
from pathlib import Path

import pytest
from starlette.routing import WebSocketRoute
from starlette.websockets import WebSocket
from websockets.exceptions import InvalidStatus

from docs.tables import ROOT
from relay.app import create_app
from relay.config.kinds import REALTIME
from relay.config.loading import load_settings
from relay.core.causes import Cause
from relay.core.closing import ended
from relay.core.interceptor import Interceptor
from relay.endpoints.pending_peer import PendingPeer
from tests.fakes.running import end_of, running, serving
from tests.fakes.upstream import read_all, scripted_upstream

pytestmark = pytest.mark.usefixtures("carrier")

GIVEN_CODE = 4321
"""Stands for the code of an end that closed by itself."""

TESTS = Path(__file__).parents[1]


def read_rows() -> dict[Cause, tuple[str, str]]:
    """By cause, what the peer and what the upstream gets."""
    text = (ROOT / "docs/closing.md").read_text().split("<!-- closing -->")[1].split("<!-- end of closing -->")[0]
    rows = {}
    for line in text.strip().splitlines()[2:]:
        cause, _, peer, upstream = (cell.strip() for cell in line.strip("| ").split(" | "))
        rows[Cause(cause.strip("`"))] = peer, upstream
    return rows


ROWS = read_rows()
REFUSALS = [cause for cause, (peer, _) in ROWS.items() if peer.startswith("HTTP")]
REFUSED_LATE = {Cause.DRAINING, Cause.INTERNAL_ERROR, Cause.BUDGET_SPENT}
ENDS = [cause for cause in ROWS if cause not in REFUSALS or cause in REFUSED_LATE]


def codes(cell: str) -> set[int]:
    """The close codes that a cell names."""
    named = {int(code) for code in re.findall(r"\b[134]\d\d\d\b", cell)}
    return named or ({GIVEN_CODE} if "'s code" in cell else set())


def statuses(cell: str) -> set[int]:
    return {int(status) for status in re.findall(r"\b[45]\d\d\b", cell.partition(";")[0])}


def test_every_cause_is_in_the_document() -> None:
    """There is no end that the document does not show."""
    assert set(ROWS) == set(Cause)


@pytest.mark.parametrize("cause", REFUSALS)
async def test_a_refusal_is_told_as_the_document_says(cause) -> None:
    """An SDK gets the row's HTTP status with the API's error object; a page gets the error event and the close code."""
    status = max(statuses(ROWS[cause][0]))

    async def refuse(websocket: WebSocket) -> None:
        peer = PendingPeer(websocket, REALTIME)
        await peer.connected()
        await peer.refuse(ended(cause, status=status), "relay_x_0")

    settings = load_settings(upstream="ws://127.0.0.1:1", port=0, drain_notice_s=0)
    app = create_app(settings)
    app.router.routes.insert(0, WebSocketRoute("/v1/realtime", refuse))
    async with serving(app, settings) as relay:
        with pytest.raises(InvalidStatus) as refusal:
            await relay.peer()
        assert refusal.value.response.status_code == HTTPStatus(status)
        refused = json.loads(refusal.value.response.body or b"")
        async with relay.peer(additional_headers={"origin": relay.http}, subprotocols=["realtime"]) as page:
            [event], code, reason = await end_of(page)
        told = json.loads(event)
        assert told == {"type": "error", **refused}
        assert refused["error"]["code"] == reason == cause.value
        assert code in codes(ROWS[cause][0])


@pytest.mark.parametrize("cause", ENDS)
async def test_an_end_is_told_as_the_document_says(cause) -> None:
    """A session that ends for this cause tells its peer and its upstream what the row says."""

    class Ending(Interceptor):
        up = frozenset({"end"})

        def opened(self, session, now) -> None:
            self._session = session

        def on_up(self, event, now) -> None:
            given = GIVEN_CODE if "'s code" in "".join(ROWS[cause]) else None
            self._session.end(ended(cause, code=given), now)

    for_peer, for_upstream = ROWS[cause]
    async with (
        scripted_upstream(read_all) as upstream,
        running(upstream.url, [Ending]) as relay,
        relay.peer() as peer,
    ):
        await peer.send('{"type":"end"}')
        messages, code, _ = await end_of(peer)
        assert [json.loads(message)["error"]["code"] for message in messages] == [cause.value] * ("`error`" in for_peer)
        assert not codes(for_peer) or code in codes(for_peer)
        assert not codes(for_upstream) or (await upstream.closes.get())[0] in codes(for_upstream)
        await relay.sessions.empty()
        assert relay.ended_by(cause.value) == 1


@pytest.mark.parametrize("cause", Cause)
def test_every_cause_comes_about_in_some_test(cause) -> None:
    """Somewhere this end is brought about as it comes about in life, and named."""
    named = re.compile(rf'"{cause.value}"|Cause\.{cause.name}\b')
    lists_all = {Path(__file__), TESTS / "core/test_closing.py"}
    tests = [path for path in TESTS.rglob("test_*.py") if path not in lists_all]
    assert any(named.search(path.read_text()) for path in tests)
