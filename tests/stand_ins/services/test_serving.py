"""relay.stand_ins.services"""

import httpx2
import pytest
from openai import APIStatusError, AsyncOpenAI

from relay.stand_ins.services import Call, Script, serve_services


async def test_the_apis_own_client_understands_them() -> None:
    """The `openai` package hears, thinks and speaks through scripted services as it would at the API."""
    script = Script(thinks=lambda _: ["Hi ", "there.", Call("f", '{"x": 1}')])
    async with serve_services(script) as services, AsyncOpenAI(api_key="k", base_url=services.url) as client:
        heard = await client.audio.transcriptions.create(model="m", file=("a.wav", b"RIFF", "audio/wav"))
        assert heard.text == "Hello there."
        chunks = await client.chat.completions.create(
            model="m", messages=[{"role": "user", "content": "Hi"}], stream=True
        )
        assert "".join([chunk.choices[0].delta.content or "" async for chunk in chunks]) == "Hi there."
        async with client.audio.speech.with_streaming_response.create(model="m", voice="marin", input="Hi.") as sound:
            assert await sound.read() == script.speaks("Hi.", "marin")
    assert [asked.stage for asked in services.asked] == ["hear", "think", "speak"]


async def test_a_fault_strikes_one_request() -> None:
    """A fault strikes the next request of its service, and no other."""
    async with serve_services() as services, AsyncOpenAI(api_key="k", base_url=services.url, max_retries=0) as client:
        services.fault("speak", status=429, retry_after="2")
        with pytest.raises(APIStatusError) as caught:
            await client.audio.speech.create(model="m", voice="marin", input="Hi.")
        assert caught.value.response.headers["retry-after"] == "2"
        await client.audio.speech.create(model="m", voice="marin", input="Hi.")


async def test_another_address_is_not_found() -> None:
    """At another address there is nothing."""
    async with serve_services() as services, httpx2.AsyncClient() as client:
        assert (await client.get(f"{services.url}/models")).status_code == 404
