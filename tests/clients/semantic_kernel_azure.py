"""A conversation through `semantic-kernel`, for a test to judge; run by the interpreter that has the package.

python semantic_kernel_azure.py ENDPOINT KEY
"""

import asyncio
import json
import sys
from typing import Any

from semantic_kernel import Kernel
from semantic_kernel.connectors.ai.function_choice_behavior import FunctionChoiceBehavior
from semantic_kernel.connectors.ai.open_ai import AzureRealtimeExecutionSettings, AzureRealtimeWebsocket
from semantic_kernel.contents import ChatHistory
from semantic_kernel.functions import kernel_function

asked: list[str] = []


class Weather:
    """What the model may call."""

    @kernel_function(name="get_weather", description="Tells the weather in a city.")  # type: ignore[untyped-decorator]
    def get_weather(self, city: str) -> str:
        """Tell the weather."""
        asked.append(city)
        return "sunny"


async def converse(endpoint: str, key: str) -> dict[str, Any]:
    """Ask for the weather; the kernel calls its function by itself, and the answer after that is heard."""
    kernel = Kernel()
    kernel.add_plugin(Weather(), "weather")
    client = AzureRealtimeWebsocket(
        endpoint=endpoint, deployment_name="gpt-realtime-2.1", api_key=key, api_version="2025-08-28"
    )
    settings = AzureRealtimeExecutionSettings(
        instructions="Be brief.", function_choice_behavior=FunctionChoiceBehavior.Auto()
    )
    history = ChatHistory()
    history.add_user_message("How is the weather in Oslo?")
    kinds: list[str] = []
    words, heard = "", 0
    async with client(settings=settings, chat_history=history, create_response=True, kernel=kernel):
        async for event in client.receive():
            kind = str(getattr(event.service_type, "value", event.service_type))
            kinds.append(kind)
            if kind == "response.output_audio_transcript.delta":
                words += event.text.text
            elif kind == "response.output_audio.delta":
                heard += len(event.service_event.delta)
            if kinds.count("response.done") == 2:
                break
    return {"asked": asked, "words": words, "heard": heard > 0, "first": kinds[0], "errors": kinds.count("error")}


print(json.dumps(asyncio.run(converse(*sys.argv[1:]))))  # noqa: T201
