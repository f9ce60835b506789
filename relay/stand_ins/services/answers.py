"""The answers of the three services, in the shapes that OpenAI's have."""

import asyncio
from collections.abc import Iterable, Mapping
from email.parser import BytesParser
from typing import TYPE_CHECKING, Any

import orjson

from relay.stand_ins.services.http import Reply, Request, Torn
from relay.stand_ins.services.scripts import Script, ServiceFault, Stage

if TYPE_CHECKING:
    from email.message import Message

JSON = "application/json"
SSE = "text/event-stream; charset=utf-8"

STAGES: Mapping[str, Stage] = {
    "/v1/audio/transcriptions": "hear",
    "/v1/chat/completions": "think",
    "/v1/responses": "think",
    "/v1/audio/speech": "speak",
}


def read_fields(request: Request) -> dict[str, Any]:
    """What a request asks for: the fields of its JSON or of its form, whose file is `bytes`."""
    kind = request.headers.get("content-type", "")
    if kind.startswith(JSON):
        fields: dict[str, Any] = orjson.loads(request.body)
        return fields
    if not kind.startswith("multipart/form-data"):
        return {}
    message = BytesParser().parsebytes(b"Content-Type: " + kind.encode() + b"\r\n\r\n" + request.body)
    parts: Iterable[Message] = message.get_payload()  # type: ignore[assignment]
    form: dict[str, Any] = {}
    for part in parts:
        content = part.get_payload(decode=True)
        is_file = part.get_filename() is not None
        name = str(part.get_param("name", header="content-disposition"))
        form[name] = content if is_file else content.decode()  # type: ignore[union-attr]
    return form


async def answer(
    pieces: Iterable[bytes], headers: Mapping[str, str], due: float, fault: ServiceFault, reply: Reply
) -> None:
    """Answer with these pieces, the first at that time of the loop, and with whatever is to go wrong."""
    if fault.body is not None or fault.status != 200:
        await _answer_badly(fault, reply)
        return
    await asyncio.sleep(due - asyncio.get_running_loop().time())
    sent = 0
    for piece in pieces:
        if sent == fault.cut_after:
            raise Torn
        if sent == fault.hangs_after:
            await asyncio.Event().wait()
        if not sent:
            await reply.begin(200, headers)
        await reply.send(piece)
        sent += 1
    if fault.cut_after is not None:
        raise Torn
    if not sent:
        await reply.begin(200, headers)


async def _answer_badly(fault: ServiceFault, reply: Reply) -> None:
    error = {"message": f"status {fault.status}", "type": "server_error", "param": None, "code": None}
    body = orjson.dumps({"error": error}) if fault.body is None else fault.body
    headers = {"Content-Type": JSON if fault.body is None else fault.content_type}
    if fault.retry_after is not None:
        headers["Retry-After"] = fault.retry_after
    await reply.begin(fault.status, headers)
    await reply.send(body)


def latency_s(script: Script, stage: Stage) -> float:
    """How long this service takes until its first result."""
    return {"hear": script.hear_s, "think": script.think_s, "speak": script.speak_s}[stage]


def answer_pieces(script: Script, stage: Stage, path: str, fields: Mapping[str, Any]) -> tuple[str, Iterable[bytes]]:
    """The media type of an answer, and the answer in pieces."""
    if stage == "hear":
        return _transcript(script, fields)
    if stage == "speak":
        return "audio/pcm", _sound(script, fields)
    if path.endswith("/responses"):
        return SSE, _response(script, fields)
    return SSE, _completion(script, fields)


def _transcript(script: Script, fields: Mapping[str, Any]) -> tuple[str, Iterable[bytes]]:
    text = script.hears(fields.get("file", b""))
    usage = {"type": "duration", "seconds": 1.5}
    if fields.get("stream") != "true" or not script.streams_words:
        return JSON, [orjson.dumps({"text": text, "usage": usage})]
    words = [f"{word} " for word in text.split(" ")[:-1]] + text.split(" ")[-1:]
    events: list[dict[str, Any]] = [{"type": "transcript.text.delta", "delta": word} for word in words]
    return SSE, map(_event, [*events, {"type": "transcript.text.done", "text": text, "usage": usage}])


def _sound(script: Script, fields: Mapping[str, Any]) -> Iterable[bytes]:
    sound = script.speaks(fields.get("input", ""), fields.get("voice", ""))
    return (sound[start : start + script.chunk_bytes] for start in range(0, len(sound), script.chunk_bytes))


def _completion(script: Script, fields: Mapping[str, Any]) -> Iterable[bytes]:
    calls = 0
    finish = "stop"
    for piece in script.thinks(fields.get("messages", [])):
        if isinstance(piece, str):
            yield _chunk({"content": piece})
            continue
        finish = "tool_calls"
        half = len(piece.arguments) // 2
        function = {"name": piece.name, "arguments": piece.arguments[:half]}
        yield _chunk(
            {"tool_calls": [{"index": calls, "id": f"call_{calls}", "type": "function", "function": function}]}
        )
        yield _chunk({"tool_calls": [{"index": calls, "function": {"arguments": piece.arguments[half:]}}]})
        calls += 1
    yield _chunk({}, finish)
    if (fields.get("stream_options") or {}).get("include_usage"):
        details = {"cached_tokens": 4}
        usage = {"prompt_tokens": 12, "completion_tokens": 7, "total_tokens": 19, "prompt_tokens_details": details}
        yield _event({"object": "chat.completion.chunk", "choices": [], "usage": usage})
    yield b"data: [DONE]\n\n"


def _chunk(delta: Mapping[str, Any], finish: str | None = None) -> bytes:
    return _event({
        "id": "chatcmpl-1", "object": "chat.completion.chunk",
        "choices": [{"index": 0, "delta": delta, "finish_reason": finish}],
    })  # fmt: skip


def _response(script: Script, fields: Mapping[str, Any]) -> Iterable[bytes]:
    given = fields.get("input", [])
    for index, piece in enumerate(script.thinks(given)):
        if isinstance(piece, str):
            yield _event({"type": "response.output_text.delta", "output_index": 0, "delta": piece})
            continue
        item = {"type": "function_call", "id": f"fc_{index}", "call_id": f"call_{index}", "name": piece.name}
        yield _event({"type": "response.output_item.added", "output_index": index, "item": item})
        yield _event({
            "type": "response.function_call_arguments.delta", "output_index": index, "item_id": item["id"],
            "delta": piece.arguments,
        })  # fmt: skip
    details = {"cached_tokens": 4}
    usage = {"input_tokens": 12, "output_tokens": 7, "total_tokens": 19, "input_tokens_details": details}
    yield _event({"type": "response.completed", "response": {"status": "completed", "usage": usage}})


def _event(data: Mapping[str, Any]) -> bytes:
    name = f"event: {data['type']}\n".encode() if "type" in data else b""
    return b"%bdata: %b\n\n" % (name, orjson.dumps(data))
