"""Calls whose media is in a process of its own: a session as any other, and a crash that ends no other one."""

import os
import signal

from relay.stand_ins.mock import Pace, serve_mock
from tests.endpoints.test_answered_calls import calling
from tests.fakes.running import running

WORKERS = {"calls": "relay", "workers": 1}


async def test_a_crash_of_the_library_ends_calls_and_no_websocket() -> None:
    """The call ends as `media_lost`, a WebSocket's session beside it goes on, and the next call has its turn."""
    async with serve_mock(pace=Pace.instant()) as mock, running(mock.url, webrtc=WORKERS) as relay:
        async with relay.peer() as beside, calling(relay) as (lost, _):
            await lost.event("input_audio_buffer.speech_started")
            [pid] = relay.app.state.media.pids
            os.kill(pid, signal.SIGSEGV)
            await mock.wait_until(lambda mock: relay.ended_by("media_lost") == 1)
            await beside.send('{"type":"response.create"}')
            while '"response.done"' not in str(await beside.recv()):
                pass
            assert len(relay.sessions) == 1
            async with calling(relay) as (peer, _):
                await peer.event("input_audio_buffer.speech_started")
                peer.microphone.muted = True
                await peer.event("response.done")
                await peer.until(lambda: peer.loudness > 0.02)
        await relay.sessions.empty()
        sample = relay.metrics.registry.get_sample_value
        assert sample("relay_media_processes_lost_total", {"reason": "crashed"}) == 1
        assert (sample("relay_call_sound_seconds_total", {"sort": "played"}) or 0) > 0
