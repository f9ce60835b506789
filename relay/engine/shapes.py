"""What each client event has to look like, as a table of checks.

Shapes follow the published types, limits the reference and what the API has been seen to answer. Where neither
is certain the table is generous: the mock must not refuse what the API takes. `null` stands only where the API
takes it.
"""

from relay.engine.checks import (
    Check,
    anything,
    array,
    boolean,
    either,
    exactly,
    fields,
    free_object,
    integer,
    metadata,
    nullable,
    number,
    one_of,
    text,
    token_limit,
    variants,
)

ITEM_ID = text(32)
STATUS = one_of("completed", "incomplete", "in_progress")

AUDIO_FORMAT = variants(
    "type",
    {
        "audio/pcm": fields({"type": anything, "rate": exactly(24000)}),
        "audio/pcmu": fields({"type": anything}),
        "audio/pcma": fields({"type": anything}),
    },
)
VOICE = either(text(64), fields({"id": text(64)}))

TURN_DETECTION = variants(
    "type",
    {
        "server_vad": fields(
            {"type": anything},
            threshold=number(0.0, 1.0),
            prefix_padding_ms=integer(0, 10_000),
            silence_duration_ms=integer(0, 10_000),
            idle_timeout_ms=nullable(integer(5_000, 30_000)),
            create_response=boolean,
            interrupt_response=boolean,
        ),
        "semantic_vad": fields(
            {"type": anything},
            eagerness=one_of("auto", "low", "medium", "high"),
            create_response=boolean,
            interrupt_response=boolean,
        ),
    },
)
TRANSCRIPTION = fields(
    model=text(),
    language=nullable(text()),
    languages=nullable(array(text())),
    keywords=nullable(array(text())),
    prompt=nullable(text()),
    delay=nullable(one_of("minimal", "low", "medium", "high", "xhigh")),
)
AUDIO_INPUT = fields(
    format=AUDIO_FORMAT,
    noise_reduction=nullable(fields(type=one_of("near_field", "far_field"), strength=number(0.0, 1.0))),
    transcription=nullable(TRANSCRIPTION),
    turn_detection=nullable(TURN_DETECTION),
)
INCLUDE = nullable(array(one_of("item.input_audio_transcription.logprobs")))

TOOL = variants(
    "type",
    {
        "function": fields({"name": text(64)}, type=anything, description=text(), parameters=free_object),
        "mcp": fields(
            {"server_label": text()},
            type=anything,
            server_url=text(),
            server_description=text(),
            connector_id=text(),
            tunnel_id=text(),
            authorization=text(),
            headers=nullable(free_object),
            allowed_tools=anything,
            allowed_callers=anything,
            require_approval=anything,
            defer_loading=boolean,
        ),
    },
    default="function",
)
TOOL_CHOICE = either(
    one_of("none", "auto", "required"),
    variants(
        "type",
        {
            "function": fields({"type": anything, "name": text()}),
            "mcp": fields({"type": anything, "server_label": text()}, name=text()),
        },
    ),
)
MODEL_SETTINGS: dict[str, Check] = {
    "instructions": text(),
    "output_modalities": array(one_of("text", "audio"), max_items=1),
    "tools": array(TOOL, max_items=1024),
    "tool_choice": TOOL_CHOICE,
    "max_output_tokens": token_limit,
    "parallel_tool_calls": boolean,
    "reasoning": nullable(fields(effort=one_of("minimal", "low", "medium", "high", "xhigh"))),
    "prompt": nullable(free_object),
}

SESSION = variants(
    "type",
    {
        "realtime": fields(
            {"type": anything},
            **MODEL_SETTINGS,
            model=text(),
            audio=fields(input=AUDIO_INPUT, output=fields(format=AUDIO_FORMAT, voice=VOICE, speed=number(0.25, 1.5))),
            include=INCLUDE,
            tracing=nullable(
                either(one_of("auto"), fields(workflow_name=text(), group_id=text(), metadata=free_object))
            ),
            truncation=either(
                one_of("auto", "disabled"),
                fields(
                    {"type": one_of("retention_ratio"), "retention_ratio": number(0.0, 1.0)},
                    token_limits=fields(post_instructions=integer(0)),
                ),
            ),
        ),
        "transcription": fields({"type": anything}, audio=fields(input=AUDIO_INPUT), include=INCLUDE),
    },
)

INPUT_TEXT = fields({"type": anything, "text": text()})
# The API takes no audio for an assistant's message: it asks for the text of such a part.
OUTPUT_AUDIO = fields({"type": anything, "text": text()}, audio=anything, transcript=anything)
CONTENT_BY_ROLE = {
    "system": {"input_text": INPUT_TEXT},
    "user": {
        "input_text": INPUT_TEXT,
        "input_audio": fields({"type": anything, "audio": text()}, transcript=nullable(text())),
        "input_image": fields({"type": anything, "image_url": text()}, detail=one_of("auto", "low", "high")),
    },
    "assistant": {"output_text": INPUT_TEXT, "output_audio": OUTPUT_AUDIO},
}


ITEM_FIELDS: dict[str, Check] = {
    "id": ITEM_ID,
    "object": one_of("realtime.item"),
    "status": STATUS,
    "type": anything,
}
MESSAGE = variants(
    "role",
    {
        role: fields({"content": array(variants("type", parts))}, role=anything, **ITEM_FIELDS)
        for role, parts in CONTENT_BY_ROLE.items()
    },
)
ITEMS: dict[str, Check] = {
    "message": MESSAGE,
    "function_call": fields({"name": text(), "arguments": text()}, call_id=ITEM_ID, **ITEM_FIELDS),
    "function_call_output": fields({"call_id": ITEM_ID, "output": text()}, **ITEM_FIELDS),
    "mcp_approval_response": fields(
        {"approval_request_id": text(), "approve": boolean}, reason=nullable(text()), **ITEM_FIELDS
    ),
}
ITEM = variants("type", ITEMS)
ITEM_OR_REFERENCE = variants("type", {**ITEMS, "item_reference": fields({"type": anything, "id": ITEM_ID})})

RESPONSE = fields(
    **{**MODEL_SETTINGS, "instructions": nullable(text())},
    conversation=text(),
    metadata=nullable(metadata),
    input=array(ITEM_OR_REFERENCE),
    audio=fields(output=fields(format=AUDIO_FORMAT, voice=VOICE)),
)


def client_event(required: dict[str, Check] | None = None, /, **optional: Check) -> Check:
    """Accepts events with these fields, and perhaps an id."""
    return fields({"type": anything, **(required or {})}, event_id=nullable(text(512)), **optional)


CLIENT_EVENTS: dict[str, Check] = {
    "session.update": client_event({"session": SESSION}),
    "input_audio_buffer.append": client_event({"audio": text()}),
    "input_audio_buffer.commit": client_event(),
    "input_audio_buffer.clear": client_event(),
    "conversation.item.create": client_event({"item": ITEM}, previous_item_id=nullable(text())),
    "conversation.item.retrieve": client_event({"item_id": text()}),
    "conversation.item.truncate": client_event(
        {"item_id": text(), "content_index": integer(0), "audio_end_ms": integer(0)}
    ),
    "conversation.item.delete": client_event({"item_id": text()}),
    "response.create": client_event(response=nullable(RESPONSE)),
    "response.cancel": client_event(response_id=nullable(text())),
}
CLIENT_EVENT = variants("type", CLIENT_EVENTS)
