"""What the API says when it refuses: one table of codes and words, and how a row becomes an `error` event.

An `error` ends nothing by itself. A row with a close code is fatal: the event is followed by that close, with
`<type>.<code>` as its reason, or the message where the API does it so (`session_expired`).
"""

from dataclasses import dataclass
from enum import Enum

from relay.engine.events import Event, event


@dataclass(frozen=True, slots=True)
class Row:
    """One kind of refusal; `message` is a `str.format` template."""

    code: str
    message: str
    param: str | None = None
    kind: str = "invalid_request_error"
    close_code: int | None = None


class Fault(Enum):
    """Everything that can be wrong, in the order in which a session meets it."""

    INVALID_API_KEY = Row("invalid_api_key", "Incorrect API key provided.", close_code=3000)
    BETA_SHAPE = Row(
        "beta_api_shape_disabled",
        "The Realtime Beta API is no longer supported. Please use the GA API: leave out the OpenAI-Beta header.",
        close_code=4000,
    )
    MISSING_MODEL = Row(
        "missing_model",
        "You must provide a model parameter, for example wss://api.openai.com/v1/realtime?model=gpt-realtime-2.1",
        close_code=4000,
    )
    MODEL_WITH_TRANSCRIPTION = Row(
        "invalid_model", "You must not provide a model parameter for transcription sessions.", close_code=4000
    )
    SESSION_EXPIRED = Row(
        "session_expired", "Your session hit the maximum duration of {minutes:g} minutes.", close_code=1001
    )

    BINARY_FRAME = Row("invalid_event", "Expected a text WebSocket message; binary frames are not supported.")
    INVALID_JSON = Row("invalid_json", "The message is not a valid JSON object.")
    MISSING_PARAMETER = Row("missing_required_parameter", "Missing required parameter: '{param}'.")
    UNKNOWN_PARAMETER = Row("unknown_parameter", "Unknown parameter: '{param}'.")
    INVALID_TYPE = Row("invalid_type", "Invalid type for '{param}': expected {expected}, but got {got} instead.")
    INVALID_VALUE = Row("invalid_value", "Invalid value: {value}. Supported values are: {supported}.")
    TOO_LONG = Row(
        "string_above_max_length",
        "Invalid '{param}': string too long. Expected a string with maximum length {limit}, but got a string "
        "with length {length} instead.",
    )
    TOO_MANY = Row(
        "array_above_max_length",
        "Invalid '{param}': too long. Expected at most {limit} entries, but got {length} instead.",
    )
    BELOW_MINIMUM = Row(
        "integer_below_min_value",
        "Invalid '{param}': below minimum value. Expected a value >= {limit}, but got {value} instead.",
    )
    ABOVE_MAXIMUM = Row(
        "integer_above_max_value",
        "Invalid '{param}': above maximum value. Expected a value <= {limit}, but got {value} instead.",
    )
    INVALID_AUDIO = Row(
        "invalid_value", "Invalid '{param}'. Expected base64-encoded audio bytes but got an invalid value."
    )
    AUDIO_TOO_LARGE = Row(
        "invalid_value", "Invalid '{param}'. An event may carry at most 15 MiB of audio.", param="audio"
    )

    REALTIME_TO_TRANSCRIPTION = Row(
        "invalid_parameter",
        "Passing a realtime session update to a transcription session is not allowed.",
        param="session.type",
    )
    TRANSCRIPTION_TO_REALTIME = Row(
        "invalid_parameter",
        "Passing a transcription session update to a realtime session is not allowed.",
        param="session.type",
    )
    CANNOT_UPDATE_MODEL = Row("cannot_update_model", "Cannot update the model of a session.", param="session.model")
    CANNOT_UPDATE_VOICE = Row(
        "cannot_update_voice", "Cannot update a conversation's voice if assistant audio is present."
    )
    CANNOT_UPDATE_TRACING = Row(
        "cannot_update_tracing", "Cannot update tracing once it is enabled.", param="session.tracing"
    )

    UNSUPPORTED = Row("unsupported_parameter", "'{param}' is not supported here: {why}.")

    COMMIT_EMPTY = Row(
        "input_audio_buffer_commit_empty",
        "Error committing input audio buffer: buffer too small. Expected at least 100ms of audio, but buffer "
        "only has {ms:.2f}ms of audio.",
    )
    NO_RESPONSES_HERE = Row("invalid_event", "A transcription session has no responses.", param="type")
    RESPONSE_ACTIVE = Row(
        "conversation_already_has_active_response",
        "Conversation already has an active response in progress: {response_id}. Wait until the response is "
        "finished before creating a new one.",
    )
    CANCEL_NOT_ACTIVE = Row("response_cancel_not_active", "Cancellation failed: no active response found")
    TOO_MANY_RESPONSES = Row(
        "rate_limit_exceeded",
        "At most {limit} responses may be in progress at once.",
        kind="rate_limit_error",
    )

    NOT_STARTED = Row("session_not_started", "The first event of a Live session must be session.start.")
    ALREADY_STARTED = Row("session_already_started", "The session has been started already.")
    NO_DELEGATION = Row("delegation_not_found", "This session delegates nothing that '{kind}' could be for.")
    DELEGATION_UNKNOWN = Row(
        "delegation_not_found", "This session has delegated nothing as '{delegation_id}'.", param="delegation_id"
    )
    DELEGATION_OWNER = Row(
        "invalid_value",
        "Invalid value: '{given}'. The delegation of this session is '{owner}', which an update cannot change.",
        param="session.delegation.type",
    )
    EVENT_ID_USED = Row("invalid_value", "The event_id '{event_id}' has been used in this session.", param="event_id")

    ITEM_EXISTS = Row(
        "item_create_duplicate_item_id",
        "Error adding item: an item with id '{item_id}' already exists in the conversation.",
        param="item.id",
    )
    PREVIOUS_ITEM_NOT_FOUND = Row(
        "item_create_invalid_previous_item_id",
        "Error adding item: the previous item with id '{item_id}' does not exist.",
        param="previous_item_id",
    )
    CALL_NOT_FOUND = Row("invalid_tool_call_id", "Tool call ID '{call_id}' not found in conversation.")
    DELETE_NOT_FOUND = Row(
        "item_delete_invalid_item_id", "Error deleting item: the item with id '{item_id}' does not exist."
    )
    RETRIEVE_NOT_FOUND = Row(
        "item_retrieve_invalid_item_id", "Error retrieving item: the item with id '{item_id}' does not exist."
    )
    REFERENCE_NOT_FOUND = Row(
        "item_reference_invalid_item_id",
        "Error referencing item: the item with id '{item_id}' does not exist.",
        param="response.input",
    )
    TRUNCATE_NOT_FOUND = Row(
        "item_truncate_invalid_item_id", "Error truncating item: the item with id '{item_id}' does not exist."
    )
    TRUNCATE_NOT_AUDIO = Row("unsupported_content_type", "Only model output audio messages can be truncated")
    TRUNCATE_TOO_FAR = Row("invalid_value", "Audio content of {length_ms}ms is already shorter than {audio_end_ms}ms")


class Refused(Exception):  # noqa: N818 - named for the fact, as all exceptions here
    """The API would answer with an `error` event.

    Args:
        fault: the row of the table.
        param: the field at fault, where the row does not name it.
        facts: what the row's message wants to say.
    """

    def __init__(self, fault: Fault, *, param: str | None = None, **facts: object) -> None:
        row = fault.value
        self.fault = fault
        self.param = param or row.param
        self.message = row.message.format(param=self.param, **facts)
        super().__init__(self.message)

    @property
    def close_code(self) -> int | None:
        """The close that follows the `error` event; None for most, after which the session goes on."""
        return self.fault.value.close_code

    @property
    def close_reason(self) -> str:
        """The words of that close, in the API's form."""
        row = self.fault.value
        return self.message if self.fault is Fault.SESSION_EXPIRED else f"{row.kind}.{row.code}"

    def as_event(self, sender_event_id: str | None = None) -> Event:
        """The `error` event; `sender_event_id` is the id of the client event that was refused."""
        row = self.fault.value
        return event(
            "error",
            error={
                "type": row.kind,
                "code": row.code,
                "message": self.message,
                "param": self.param,
                "event_id": sender_event_id,
            },
        )
