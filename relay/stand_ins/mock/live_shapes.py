"""What each client event of a Live session has to look like.

Delegation and triggers are taken as they come: the mock echoes them, and delegates nothing.
"""

from relay.stand_ins.mock.checks import (
    Check,
    anything,
    array,
    boolean,
    either,
    exactly,
    fields,
    free_object,
    nullable,
    one_of,
    text,
    variants,
)
from relay.stand_ins.mock.shapes import client_event

AUDIO_FORMAT = variants(
    "type",
    {
        "audio/pcm": fields({"type": anything, "rate": exactly(24000)}),
        "audio/pcmu": fields({"type": anything, "rate": exactly(8000)}),
        "audio/pcma": fields({"type": anything, "rate": exactly(8000)}),
    },
)
CHANGEABLE: dict[str, Check] = {"delegation": nullable(free_object), "triggers": nullable(array(free_object))}
SESSION = fields(
    {"model": text()},
    instructions=nullable(text()),
    audio=nullable(
        fields(
            format=nullable(AUDIO_FORMAT),
            output=nullable(fields(voice=nullable(either(text(64), fields({"id": text(64)}))))),
        )
    ),
    input=nullable(array(fields({"role": one_of("developer", "user", "assistant"), "content": array(free_object)},
                                id=text(), status=text(), type=one_of("message")), max_items=128)),
    client=nullable(free_object),
    safety_identifier=nullable(text()),
    store=nullable(boolean),
    **CHANGEABLE,
)  # fmt: skip

_CONTENT = client_event({"content": text()}, delegation_id=nullable(text()))

CLIENT_EVENTS: dict[str, Check] = {
    "session.start": client_event({"session": SESSION}),
    "session.update": client_event({"session": fields(**CHANGEABLE)}),
    "session.close": client_event(),
    "session.input_audio.append": client_event({"audio": text()}),
    "session.input_audio.mute": client_event(),
    "session.input_audio.unmute": client_event(),
    "session.output_audio.fixture.play": client_event({"audio": text()}),
    "session.instructions.append": _CONTENT,
    "session.thinking.append": _CONTENT,
    "session.commentary.append": _CONTENT,
    "response.create": client_event(),
    "response.item.create": client_event({"item": free_object}),
    "decision.create": client_event(),
    "decision.item.create": client_event({"item": free_object}),
    "decision.item.delete": client_event({"item_id": text()}),
}
CLIENT_EVENT = variants("type", CLIENT_EVENTS)
