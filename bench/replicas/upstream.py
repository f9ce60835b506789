"""A Realtime API that answers each turn with a second of sound, as fast as it would be spoken."""

import argparse
import asyncio

import orjson
import uvloop
from picows import WSFrame, WSListener, WSMsgType, WSTransport, WSUpgradeRequest, ws_create_server

DELTAS = 20
DELTA_S = 0.05
SOUND = "A" * 3200
"""50 ms of PCM16 at 24 kHz, in base64."""
APPEND_PREFIX = b'{"type":"input_audio_buffer.append"'


class TalkingSession(WSListener):
    """One session: it tells its settings, hears, and answers when it is asked to."""

    def __init__(self) -> None:
        self._session = {"type": "realtime", "object": "realtime.session", "model": "gpt-realtime-2.1"}
        self._responses = 0

    def on_ws_connected(self, transport: WSTransport) -> None:
        self._transport = transport
        self._say("session.created", session=self._session)

    def on_ws_frame(self, transport: WSTransport, frame: WSFrame) -> None:
        if frame.msg_type == WSMsgType.TEXT:
            self._hear(frame.get_payload_as_bytes())
        elif frame.msg_type == WSMsgType.CLOSE:
            transport.send_close(frame.get_close_code())
            transport.disconnect()

    def _hear(self, event: bytes) -> None:
        if event.startswith(APPEND_PREFIX):
            return
        said = orjson.loads(event)
        if said["type"] == "session.update":
            self._session |= said["session"]
            self._say("session.updated", session=self._session)
        elif said["type"] == "input_audio_buffer.commit":
            self._say("input_audio_buffer.committed", item_id="item_of_peer", previous_item_id=None)
        elif said["type"] == "response.create":
            self._responses += 1
            names = {"response_id": f"resp_{self._responses}", "item_id": f"item_{self._responses}"}
            self._say("response.created", response={"id": names["response_id"], "status": "in_progress"})
            self._speak(names, DELTAS)

    def _speak(self, names: dict[str, str], left: int) -> None:
        if self._transport.is_disconnected:
            return
        if left == 0:
            usage = {
                "total_tokens": 60,
                "input_tokens": 40,
                "input_token_details": {"audio_tokens": 20, "text_tokens": 20},
            }
            usage |= {"output_tokens": 20, "output_token_details": {"audio_tokens": 20, "text_tokens": 0}}
            self._say(
                "response.done",
                response={"id": names["response_id"], "status": "completed", "output": [], "usage": usage},
            )
            return
        self._say("response.output_audio.delta", **names, output_index=0, content_index=0, delta=SOUND)
        asyncio.get_running_loop().call_later(DELTA_S, self._speak, names, left - 1)

    def _say(self, kind: str, **fields: object) -> None:
        self._transport.send(WSMsgType.TEXT, orjson.dumps({"type": kind, "event_id": "event", **fields}))


async def serve(port: int) -> None:
    """Serve until the process is ended."""

    def listener(_: WSUpgradeRequest) -> TalkingSession:
        return TalkingSession()

    server = await ws_create_server(listener, "127.0.0.1", port, backlog=4096)
    await server.serve_forever()


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.replicas.upstream", description=__doc__)
    parser.add_argument("--port", type=int, required=True)
    uvloop.run(serve(parser.parse_args().port))


if __name__ == "__main__":
    main()
