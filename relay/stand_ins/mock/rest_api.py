"""`POST /v1/realtime/calls` and its `hangup`, as the API answers them."""

import orjson
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from relay.calls.form import SDP, read_offer
from relay.config.errors import RequestInvalid
from relay.engine.errors import Fault, Refused
from relay.engine.requests import check
from relay.stand_ins.listener import PATH
from relay.stand_ins.mock import sdp
from relay.stand_ins.mock.calls import Call, Calls
from relay.stand_ins.mock.opening import Opening, Upgrade

CLOSING = {"Connection": "close"}
"""Nothing is to keep the mock from closing its port."""


class MockRest:
    """Makes calls and hangs them up.

    Args:
        calls: those that go on.
        required_key: the only key that is let in; None lets everybody in.
    """

    def __init__(self, calls: Calls, required_key: str | None) -> None:
        self._calls = calls
        self._required_key = required_key
        self.app = Starlette(
            routes=[
                Route(f"{PATH}/calls", self._make, methods=["POST"]),
                Route(f"{PATH}/calls/{{call_id}}/hangup", self._hang_up, methods=["POST"]),
            ]
        )

    async def _make(self, request: Request) -> Response:
        try:
            self._check_key(request)
            call = self._read(request.headers.get("content-type", ""), await request.body())
            answer = sdp.answer(call.offer)
        except Refused as refusal:
            return _refuse(refusal)
        except (RequestInvalid, sdp.OfferWrong) as wrong:
            return complaint(400, "invalid_offer", str(wrong))
        self._calls.add(call)
        place = {"Location": f"{PATH}/calls/{call.call_id}", **CLOSING}
        return Response(answer, 201, place, media_type=SDP)

    async def _hang_up(self, request: Request) -> Response:
        try:
            self._check_key(request)
        except Refused as refusal:
            return _refuse(refusal)
        if await self._calls.hang_up(request.path_params["call_id"]):
            return Response(status_code=200, headers=CLOSING)
        return Response(call_not_found(), 404, CLOSING, media_type="application/json")

    def _check_key(self, request: Request) -> None:
        """Raise `Refused` as at the WebSocket; what else that asks for is not asked for here."""
        headers = request.headers
        key, beta = headers.get("authorization", ""), headers.get("openai-beta", "")
        Upgrade(f"{PATH}?model=any", key, beta, ()).opening(self._required_key)

    def _read(self, content_type: str, body: bytes) -> Call:
        offer = read_offer(content_type, body)
        session = {"type": "realtime", **offer.session}
        check({"type": "session.update", "session": session})
        is_transcription = session["type"] == "transcription"
        if not is_transcription and "model" not in session:
            raise Refused(Fault.MISSING_MODEL)
        return Call(
            Opening(None if is_transcription else session["model"], session), offer.sdp.decode(errors="replace")
        )


def complaint(status: int, code: str, words: str, param: str | None = None) -> Response:
    """An answer with the API's error object."""
    error = {"type": "invalid_request_error", "code": code, "message": words, "param": param}
    return JSONResponse({"error": error}, status, CLOSING)


def call_not_found() -> str:
    """The body of the answer for a call that does not go on, as the API writes it."""
    error = {"type": "invalid_request_error", "code": "call_id_not_found", "message": "No such call.", "param": None}
    return orjson.dumps({"error": error}).decode()


def _refuse(refusal: Refused) -> Response:
    row = refusal.fault.value
    return complaint(401 if refusal.fault is Fault.INVALID_API_KEY else 400, row.code, refusal.message, refusal.param)
