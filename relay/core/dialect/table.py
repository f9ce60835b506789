"""What the beta API calls things, and what the GA API calls them: one table, read in both directions.

A session of the beta is flat; one of GA is nested and has a `type`. What does not stand here is called the same in
both, or is unknown, and passes as it is.
"""

from dataclasses import dataclass, replace

from relay.core.dialect.values import (
    Convert,
    each,
    format_to_beta,
    format_to_ga,
    item_to_beta,
    item_to_ga,
    modalities_to_beta,
    modalities_to_ga,
    none_as,
    same,
    tool_choice_to_beta,
    tool_choice_to_ga,
    turn_detection_to_ga,
)


@dataclass(frozen=True, slots=True)
class Field:
    """One field of an object.

    Attributes:
        beta: its name in the flat object.
        ga: its path in the nested one; empty where it has no place there.
        to_ga, to_beta: change its value.
    """

    beta: str
    ga: tuple[str, ...] = ()
    to_ga: Convert = same
    to_beta: Convert = same


@dataclass(frozen=True, slots=True)
class Table:
    """How one dialect differs from GA.

    Attributes:
        event_types: server events, here and in GA, that differ in nothing but their type.
        session, transcription_session: fields of the two kinds of session.
        request, response: fields of what `response.create` asks for, and of the response that comes.
        created_items: whether items are told by `conversation.item.created` instead of `….added` and `….done`.
    """

    event_types: tuple[tuple[str, str], ...]
    session: tuple[Field, ...]
    transcription_session: tuple[Field, ...]
    request: tuple[Field, ...]
    response: tuple[Field, ...]
    created_items: bool = True


def _turn_detection(to_beta: Convert) -> Field:
    return Field("turn_detection", ("audio", "input", "turn_detection"), turn_detection_to_ga, to_beta)


_MODALITIES = Field("modalities", ("output_modalities",), modalities_to_ga, modalities_to_beta)
_VOICE = Field("voice", ("audio", "output", "voice"))
_OUTPUT_FORMAT = Field("output_audio_format", ("audio", "output", "format"), format_to_ga, format_to_beta)
_TOKENS = Field("max_response_output_tokens", ("max_output_tokens",))
_TOOL_CHOICE = Field("tool_choice", ("tool_choice",), tool_choice_to_ga, tool_choice_to_beta)
_TEMPERATURE = Field("temperature")
_CLIENT_SECRET = Field("client_secret")
_HEARING = (
    Field("input_audio_format", ("audio", "input", "format"), format_to_ga, format_to_beta),
    Field("input_audio_transcription", ("audio", "input", "transcription")),
    Field("input_audio_noise_reduction", ("audio", "input", "noise_reduction")),
)
_SPEED = Field("speed", ("audio", "output", "speed"))
_SPEAKING = (
    *_HEARING, _MODALITIES, _VOICE, _SPEED, _OUTPUT_FORMAT, _TOKENS, _TOOL_CHOICE, _TEMPERATURE, _CLIENT_SECRET,
)  # fmt: skip
_TRANSCRIBING = (*_HEARING, Field("modalities"), _CLIENT_SECRET)
_ITEMS = (each(item_to_ga), each(item_to_beta))

BETA = Table(
    event_types=(
        ("response.audio.delta", "response.output_audio.delta"),
        ("response.audio.done", "response.output_audio.done"),
        ("response.audio_transcript.delta", "response.output_audio_transcript.delta"),
        ("response.audio_transcript.done", "response.output_audio_transcript.done"),
        ("response.text.delta", "response.output_text.delta"),
        ("response.text.done", "response.output_text.done"),
    ),
    session=(*_SPEAKING, _turn_detection(same)),
    transcription_session=(*_TRANSCRIBING, _turn_detection(same)),
    request=(
        _MODALITIES, _VOICE, _OUTPUT_FORMAT, _TOKENS, _TOOL_CHOICE, _TEMPERATURE, Field("input", ("input",), *_ITEMS),
    ),
    response=(_MODALITIES, _VOICE, _OUTPUT_FORMAT, _TEMPERATURE, Field("output", ("output",), *_ITEMS)),
)  # fmt: skip

AZURE_PREVIEW = replace(
    BETA,
    session=(*_SPEAKING, _turn_detection(none_as("none"))),
    transcription_session=(*_TRANSCRIBING, _turn_detection(none_as("none"))),
)
"""The beta but for how voice detection is switched off."""

XAI = Table(
    event_types=(),
    session=(_VOICE, _turn_detection(none_as(None))),
    transcription_session=(),
    request=(Field("input", ("input",), *_ITEMS),),
    response=(Field("output", ("output",), *_ITEMS),),
    created_items=False,
)
"""GA but for two fields at the top of the session, and the names of an answer's content parts."""
