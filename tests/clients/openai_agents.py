"""One whole conversation through `openai-agents`, for a test to judge; run by the interpreter that has the package.

python openai_agents.py converse|be_refused URL PCM_FILE
"""

import asyncio
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from agents import function_tool, set_tracing_disabled
from agents.realtime import RealtimeAgent, RealtimeRunner, RealtimeSession
from agents.realtime.model_inputs import RealtimeModelSendRawMessage, RealtimeModelSendSessionUpdate
from websockets.exceptions import ConnectionClosed, InvalidStatus

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

CHUNK_BYTES = 1920
PAUSE = bytes(96_000)
"""What ends a turn, which is answered then."""

asked: list[str] = []


def get_weather(city: str) -> str:
    """Tell the weather."""
    asked.append(city)
    return "sunny"


class Heard:
    """What comes, one after another.

    Attributes:
        bytes: how much audio came.
        interruptions: how often the agent was told to fall silent.
        errors: what the package calls an error.
    """

    def __init__(self, session: RealtimeSession) -> None:
        self._session = session
        self._events: AsyncIterator[Any] = aiter(session)
        self.bytes = 0
        self.interruptions = 0
        self.errors: list[str] = []

    async def until(self, kind: str) -> dict[str, Any]:
        """The next event of this type, as it came over the wire."""
        while True:
            event = await anext(self._events)
            if event.type == "audio":
                self.bytes += len(event.audio.data)
            elif event.type == "audio_interrupted":
                self.interruptions += 1
            elif event.type == "error":
                self.errors.append(str(event.error))
            elif event.type == "raw_model_event" and event.data.type == "raw_server_event":
                body: dict[str, Any] = event.data.data
                if body["type"] == kind:
                    return body

    async def transcript(self) -> str:
        transcript: str = (await self.until("response.output_audio_transcript.done"))["transcript"]
        return transcript


async def speak(session: RealtimeSession, speech: bytes) -> None:
    for start in range(0, len(speech), CHUNK_BYTES):
        await session.send_audio(speech[start : start + CHUNK_BYTES])


async def converse(url: str, speech: bytes) -> dict[str, Any]:
    agent = RealtimeAgent(name="Anna", instructions="Be brief.", tools=[function_tool(get_weather)])
    settings: Any = {"model_name": "gpt-realtime-2.1-mini", "voice": "marin"}
    runner = RealtimeRunner(agent)
    config: Any = {"url": url, "api_key": "sk-unused", "initial_model_settings": settings}
    async with await runner.run(model_config=config) as session:
        heard = Heard(session)
        created = (await heard.until("session.created"))["session"]
        updated = (await heard.until("session.updated"))["session"]
        report: dict[str, Any] = {
            "model": created["model"],
            "instructions": updated["instructions"],
            "voice": updated["audio"]["output"]["voice"],
            "tools": [tool["name"] for tool in updated["tools"]],
        }
        await speak(session, speech + PAUSE)
        report["spoken"] = await heard.transcript()
        await heard.until("response.done")
        report["bytes"] = heard.bytes

        await session.send_message("Tell me a story.")
        await heard.until("response.output_audio.delta")
        await speak(session, speech)
        report["why"] = (await heard.until("response.done"))["response"]["status_details"]["reason"]
        report["cut"] = (await heard.until("conversation.item.truncated"))["type"]
        await speak(session, PAUSE)
        report["then"] = await heard.transcript()
        await heard.until("response.done")
        report["interruptions"] = heard.interruptions

        await session.send_message("How is the weather in Oslo?")
        report["told"] = await heard.transcript()
        report["asked"] = asked
        await heard.until("response.done")

        in_writing = {**settings, "output_modalities": ["text"]}
        await session.model.send_event(RealtimeModelSendSessionUpdate(session_settings=in_writing))
        await session.send_message("Hello.")
        report["text"] = (await heard.until("response.output_text.done"))["text"]
        await heard.until("response.done")

        report["earlierErrors"] = list(heard.errors)
        await session.model.send_event(RealtimeModelSendRawMessage(message={"type": "response.cancel"}))
        report["error"] = (await heard.until("error"))["error"]["code"]
        report["history"] = [getattr(item, "role", item.type) for item in session._history]
    return report


async def be_refused(url: str, _: bytes) -> dict[str, Any]:
    """What a client is told that gets no session."""
    try:
        config: Any = {"url": url, "api_key": "sk-unknown"}
        async with await RealtimeRunner(RealtimeAgent(name="Anna")).run(model_config=config) as session:
            error = await Heard(session).until("error")
            return {"code": error["error"]["code"]}
    except InvalidStatus as refusal:
        return {"status": refusal.response.status_code}
    except ConnectionClosed as closed:  # it had not yet said its first words, and says the close instead of the event
        return {"code": closed.rcvd.reason.rpartition(".")[2] if closed.rcvd else None}


set_tracing_disabled(True)
what, url, pcm = sys.argv[1:4]
print(json.dumps(asyncio.run(globals()[what](url, Path(pcm).read_bytes()))))  # noqa: T201
