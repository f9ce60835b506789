"""A Realtime API that answers audio with audio, at once and cheaply: the far end of every benchmark.

It checks that each append came as it was sent and in order, and says `error` where one did not.
"""

import argparse
import gc
import ssl
from pathlib import Path

import uvloop
from picows import WSFrame, WSListener, WSMsgType, WSTransport, WSUpgradeRequest, ws_create_server

from bench.talk import Talk, add_arguments, talk_from
from bench.wire import CREATED, SPEECH, UPDATE_PREFIX, UPDATED, WRONG, Script, Stamp


class EchoSession(WSListener):
    """Greets, then answers each append as the talk says."""

    def __init__(self, script: Script) -> None:
        self._talk = script.talk
        self._append = script.append
        self._deltas = [script.deltas[size] for size in script.talk.delta_bytes]
        self._next_sequence: int | None = None

    def on_ws_connected(self, transport: WSTransport) -> None:
        transport.send(WSMsgType.TEXT, CREATED)

    def on_ws_frame(self, transport: WSTransport, frame: WSFrame) -> None:
        if frame.msg_type == WSMsgType.TEXT:
            self._on_event(transport, frame.get_payload_as_bytes())
        elif frame.msg_type == WSMsgType.CLOSE:
            transport.send_close(frame.get_close_code())
            transport.disconnect()

    def _on_event(self, transport: WSTransport, event: bytes) -> None:
        stamp = self._append.read(event)
        if stamp is None:
            transport.send(WSMsgType.TEXT, UPDATED if event.startswith(UPDATE_PREFIX) else WRONG)
            return
        sequence = stamp.sequence
        if self._next_sequence is not None and self._next_sequence != sequence:
            transport.send(WSMsgType.TEXT, WRONG)
        self._next_sequence = sequence + 1
        if speech := self._talk.speech(sequence):
            transport.send(WSMsgType.TEXT, SPEECH % speech.encode())
        if self._talk.is_answered(sequence):
            for part, delta in enumerate(self._deltas):
                transport.send(WSMsgType.TEXT, delta.write(Stamp(sequence, stamp.sent_ns, part)))


async def serve(port: int, talk: Talk, certificate: Path | None) -> None:
    """Serve until the process is ended.

    Args:
        certificate: a PEM file with a certificate and its key; None serves without TLS.
    """
    context = None
    if certificate is not None:
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.load_cert_chain(certificate)

    script = Script(talk)

    def listener(_: WSUpgradeRequest) -> EchoSession:
        return EchoSession(script)

    server = await ws_create_server(listener, "127.0.0.1", port, ssl=context, backlog=4096)
    await server.serve_forever()


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.echo_upstream", description=__doc__)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--certificate", type=Path, help="a PEM file with a certificate and its key: speak TLS")
    add_arguments(parser)
    arguments = parser.parse_args()
    gc.disable()  # sessions make no cycles, and a pause would be measured as somebody's latency
    uvloop.run(serve(arguments.port, talk_from(arguments), arguments.certificate))


if __name__ == "__main__":
    main()
