"""What sessions of other kinds cost, end to end: a mock that bills, and what the relay makes of it."""

import contextlib
import json
from decimal import Decimal
from typing import Any

import pytest
import structlog
from websockets.asyncio.client import ClientConnection
from websockets.exceptions import ConnectionClosed, InvalidStatus

from relay.config.limits import read_prices
from relay.core.usage import read_usage
from relay.stand_ins.mock.calls import Call
from relay.stand_ins.mock.opening import Opening
from tests.fakes.running import end_of, running
from tests.relaying.test_kinds import LIVE, START, TRANSLATIONS, dial, in_base64, instant_mock, sample, say, until
from tests.stand_ins.mock.talk import silence, tone

SPEECH = in_base64(tone(1500) + silence(500))


def closed_in(logs: Any) -> dict[str, Any]:
    """The log's line of the one session's end."""
    (line,) = [dict(line) for line in logs if line["event"] == "session.closed"]
    return line


async def transcribe(peer: ClientConnection, model: str) -> dict[str, Any]:
    """Speak in a session of that model; the usage of the transcript."""
    audio = {"input": {"transcription": {"model": model}}}
    await say(peer, "session.update", session={"type": "transcription", "audio": audio})
    await until(peer, "session.updated", "realtime")
    await say(peer, "input_audio_buffer.append", audio=SPEECH)
    came = await until(peer, "conversation.item.input_audio_transcription.completed", "realtime")
    usage: dict[str, Any] = came[-1]["usage"]
    return usage


@pytest.mark.parametrize(("model", "unit"), [("gpt-4o-transcribe", "tokens"), ("gpt-realtime-whisper", "duration")])
async def test_a_transcription_is_paid_for(model, unit) -> None:
    """A transcript costs what its model does, which bills by the token or by the minute."""
    async with instant_mock() as mock, running(mock.url) as relay:
        with structlog.testing.capture_logs() as logs:
            async with relay.peer("?intent=transcription") as peer:
                usage = await transcribe(peer, model)
            await relay.sessions.empty()
        cost = read_prices({}).of(model).of(read_usage(usage))
        assert usage["type"] == unit
        assert cost > 0
        assert sample(relay, "relay_cost_usd_total", model=model) == float(cost)
    assert Decimal(closed_in(logs)["cost_usd"]) == round(cost, 6)


async def spend(peer: ClientConnection, append: str) -> list[dict[str, Any]]:
    """Send a second of audio after another until the session has ended; all that came."""
    with contextlib.suppress(ConnectionClosed):
        while True:
            await say(peer, append, audio=in_base64(tone(1000)))
    messages, _, _ = await end_of(peer)
    return [json.loads(message) for message in messages]


@pytest.mark.parametrize(
    ("path", "append", "minute"),
    [(TRANSLATIONS, "session.input_audio_buffer.append", "0.034"), (LIVE, "session.input_audio.append", "0.05")],
)
async def test_a_session_ends_with_its_budget(path, append, minute) -> None:
    """The peer is told what it spends, and with money for two and a half seconds the session ends after the third."""
    second = Decimal(minute) / 60
    async with instant_mock() as mock, running(mock.url, limits={"cost_usd": str(second * Decimal("2.5"))}) as relay:
        with structlog.testing.capture_logs() as logs:
            async with dial(relay, f"{path}?relay_events=1") as peer:
                if path == LIVE:
                    await peer.send(json.dumps(START))
                came = await spend(peer, append)
                assert (peer.close_code, peer.close_reason) == (4000, "budget_spent")
            await relay.sessions.empty()
    told = [event["spent_usd"] for event in came if event["type"] == "relay.cost"]
    assert [round(Decimal(usd) / second, 6) for usd in told] == [1, 2, 3]
    assert came[-1]["error"]["code"] == "budget_spent"
    assert (closed_in(logs)["cause"], Decimal(closed_in(logs)["cost_usd"])) == ("budget_spent", round(3 * second, 6))


async def test_a_sideband_is_paid_for() -> None:
    """A call that is watched gets nothing of a profile, and its responses cost what they do in any session."""
    profiles = {"default": {"instructions": "Be kind."}}
    async with instant_mock() as mock, running(mock.url, profiles=profiles) as relay:
        call = Call(Opening("gpt-realtime-2.1", {"type": "realtime", "instructions": "Be brief."}), "")
        mock.calls.add(call)
        with structlog.testing.capture_logs() as logs:
            async with relay.peer(f"?call_id={call.call_id}") as peer:
                (created,) = await until(peer, "session.created", "realtime")
                assert created["session"]["instructions"] == "Be brief."
                await say(peer, "response.create")
                done = (await until(peer, "response.done", "realtime"))[-1]["response"]
            await relay.sessions.empty()
        cost = read_prices({}).of("gpt-realtime-2.1").of(read_usage(done["usage"]))
    assert [line["kind"] for line in logs if line["event"] == "session.opened"] == ["sideband"]
    assert Decimal(closed_in(logs)["cost_usd"]) == round(cost, 6) > 0


async def test_a_sideband_of_no_call() -> None:
    """A call that does not go on is 404, as at the API."""
    async with instant_mock() as mock, running(mock.url) as relay:
        with pytest.raises(InvalidStatus) as refused:
            await relay.peer("?call_id=rtc_unknown")
        assert refused.value.response.status_code == 404
