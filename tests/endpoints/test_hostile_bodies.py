"""Bodies that nobody sends by mistake, at everything that takes one: each is a bad request, and nothing breaks."""

import logging

import httpx2 as httpx
import pytest

from tests.fakes.http_client import http_client
from tests.fakes.running import running

MINTING = ["/v1/realtime/client_secrets", "/v1/realtime/sessions", "/v1/realtime/transcription_sessions"]
PLACES = [
    "{}",
    '{{"session":{}}}',
    '{{"tools":{}}}',
    '{{"relay":{}}}',
    '{{"expires_after":{{"seconds":{}}}}}',
    '{{"session":{{"tools":[0,{}]}}}}',
    '{{"session":{{"audio":{{"input":{{"turn_detection":{}}}}}}}}}',
]
"""What is nested stands somewhere in the body; each of these is read by other code."""

DEEP = [opening * depth + "1" + closing * depth for opening, closing in (("[", "]"), ('{"a":', "}"))
        for depth in (101, 300, 800, 1500, 20_000)]  # fmt: skip
WRONG = ["", "{", "\\", '"\\ud83d"', "NaN", "-Infinity", "1e999x", "\0", "9" * 5000 + "x", "'a'"]


def form(session: str) -> tuple[bytes, dict[str, str]]:
    """A request for a call with this session, and its headers."""
    parts = [
        'Content-Disposition: form-data; name="sdp"\r\n\r\nv=0\r\n',
        f'Content-Disposition: form-data; name="session"\r\n\r\n{session}',
    ]
    body = "".join(f"--b\r\n{part}\r\n" for part in parts) + "--b--\r\n"
    return body.encode(), {"Content-Type": "multipart/form-data; boundary=b"}


@pytest.mark.parametrize("place", PLACES)
async def test_a_body_that_is_nested_too_deep(place, caplog) -> None:
    """A body that is nested too deep, wherever in it, is 400 with the API's error object at each address."""
    async with running("ws://127.0.0.1:1") as relay, http_client(base_url=relay.http) as http:
        for deep in DEEP:
            body = place.format(deep)
            for path in MINTING:
                expect_refusal(await http.post(path, content=body), path, body)
            content, headers = form(body)
            expect_refusal(await http.post("/v1/realtime/calls", content=content, headers=headers), "calls", body)
    assert [record for record in caplog.records if record.levelno >= logging.ERROR] == []


@pytest.mark.parametrize("place", PLACES)
async def test_a_body_that_is_no_json(place, caplog) -> None:
    """A body that is no JSON is 400 with the API's error object; an empty one asks for a plain ticket."""
    async with running("ws://127.0.0.1:1") as relay, http_client(base_url=relay.http) as http:
        for wrong in WRONG[place == "{}" :]:
            for path in MINTING:
                expect_refusal(await http.post(path, content=place.format(wrong)), path, wrong)
            content, headers = form(place.format(wrong))
            expect_refusal(await http.post("/v1/realtime/calls", content=content, headers=headers), "calls", wrong)
    assert [record for record in caplog.records if record.levelno >= logging.ERROR] == []


CONTENT_TYPES = [
    "multipart/form-data",
    "multipart/form-data; boundary=",
    "multipart/form-data; boundary*=utf-8''%ff",
    "multipart/form-data; boundary=\xff",
    "é/ü;=;",
    "/",
    "application/json",
    ";" * 999,
    "",
]


@pytest.mark.parametrize("content_type", CONTENT_TYPES)
@pytest.mark.parametrize("body", [b"", b"--\r\n\r\n--", b"--b--", b"--b\r\n\xff: \xff\r\n\r\n--b--", b"\0" * 9, b"v=0"])
async def test_a_form_that_is_none(content_type, body) -> None:
    """What is neither SDP nor a form as it says it is, is 400 with the API's error object."""
    async with running("ws://127.0.0.1:1") as relay, http_client(base_url=relay.http) as http:
        headers = {"Content-Type": content_type.encode("latin-1")}
        expect_refusal(await http.post("/v1/realtime/calls", content=body, headers=headers), content_type, body)


async def test_what_is_nested_as_deep_as_tools_are() -> None:
    """A tool whose parameters are nested forty deep is minted as it is."""
    schema: dict[str, object] = {"type": "string"}
    for _ in range(20):
        schema = {"type": "object", "properties": {"a": schema}}
    tool = {"type": "function", "name": "deep", "parameters": schema}
    async with running("ws://127.0.0.1:1") as relay, http_client(base_url=relay.http) as http:
        answer = await http.post(MINTING[0], json={"session": {"type": "realtime", "tools": [tool]}})
    assert answer.json()["session"]["tools"] == [tool]


def expect_refusal(answer: httpx.Response, *about: object) -> None:
    assert answer.status_code == 400, about
    assert answer.json()["error"]["type"] == "invalid_request_error", about
