"""The session object: what the API reports in `session.created` and what `session.update` changes."""

from typing import Any

from relay.engine.audio import AudioFormat
from relay.engine.errors import Fault, Refused
from relay.engine.events import new_id

MERGED = ("audio", "input", "output")
SECRET_TOOL_FIELDS = ("authorization", "headers")
RESPONSE_FIELDS = ("create_response", "interrupt_response", "idle_timeout_ms")


def _pcm() -> AudioFormat:
    return {"type": "audio/pcm", "rate": 24000}


def turn_detection(given: dict[str, Any]) -> dict[str, Any]:
    """Turn detection as the API echoes it: each kind with the defaults of that kind."""
    shared = {"create_response": True, "interrupt_response": True}
    if given["type"] == "semantic_vad":
        return {"type": "semantic_vad", "eagerness": "auto", **shared, **given}
    server_vad = {"threshold": 0.5, "prefix_padding_ms": 300, "silence_duration_ms": 200}
    return {"type": "server_vad", **server_vad, "idle_timeout_ms": None, **shared, **given}


def _tool(given: dict[str, Any]) -> dict[str, Any]:
    """A tool as it is echoed: without the secrets that it was given."""
    return {"type": "function"} | {key: value for key, value in given.items() if key not in SECRET_TOOL_FIELDS}


def _input_defaults() -> dict[str, Any]:
    return {
        "format": _pcm(),
        "transcription": None,
        "noise_reduction": None,
        "turn_detection": turn_detection({"type": "server_vad"}),
    }


def _merge(current: dict[str, Any], update: dict[str, Any]) -> dict[str, Any]:
    """`current` with the fields of `update`. Only the containers merge; the rest is replaced whole."""
    merged = dict(current)
    for name, value in update.items():
        if name in MERGED:
            merged[name] = _merge(current[name], value)
        elif name == "turn_detection" and value is not None:
            merged[name] = turn_detection(value)
        elif name == "transcription" and value is not None:
            merged[name] = {"model": None, "language": None, "prompt": None, **value}
        elif name == "tools":
            merged[name] = [_tool(tool) for tool in value]
        else:
            merged[name] = value
    return merged


class RealtimeSession:
    """The API's own session, of one of its two types.

    Args:
        model: what the session was opened for; None makes it a transcription session.
        expires_at: when it ends, in Unix seconds.
        instructions: those that it has until somebody gives it others.
    """

    def __init__(self, model: str | None, expires_at: int, instructions: str) -> None:
        self.is_transcription = model is None
        self._fields: dict[str, Any] = {
            "type": "transcription" if model is None else "realtime",
            "object": "realtime.transcription_session" if model is None else "realtime.session",
            "id": new_id("sess"),
            "expires_at": expires_at,
            "include": None,
            "audio": {"input": _input_defaults()},
        }
        if model is not None:
            self._fields |= {
                "model": model,
                "output_modalities": ["audio"],
                "instructions": instructions,
                "tools": [],
                "tool_choice": "auto",
                "max_output_tokens": "inf",
                "tracing": None,
                "prompt": None,
                "truncation": "auto",
            }
            self._fields["audio"]["output"] = {"format": _pcm(), "voice": "alloy", "speed": 1.0}

    def __getitem__(self, name: str) -> Any:
        """A top-level field, as `instructions` or `tools`."""
        return self._fields[name]

    @property
    def hearing(self) -> dict[str, Any]:
        """`audio.input`: format, transcription, turn detection."""
        return dict(self._fields["audio"]["input"])

    @property
    def speaking(self) -> dict[str, Any]:
        """`audio.output`: format, voice, speed."""
        return dict(self._fields["audio"]["output"])

    def as_dict(self) -> dict[str, Any]:
        """The whole object, as `session.created` and `session.updated` carry it."""
        if not self.is_transcription:
            return dict(self._fields)
        hearing = self.hearing
        if (detection := hearing["turn_detection"]) is not None:
            hearing["turn_detection"] = {k: v for k, v in detection.items() if k not in RESPONSE_FIELDS}
        return {**self._fields, "audio": {"input": hearing}}

    def update(self, update: dict[str, Any], *, has_spoken: bool) -> None:
        """Apply a checked `session.update`: all of it, or none.

        Args:
            update: its `session`; only the fields that it has are changed.
            has_spoken: the conversation has assistant audio, which pins the voice.

        Raises:
            Refused: it is for the other type of session, or changes what cannot be changed any more.
        """
        self._refuse_other_type(update["type"])
        if update.get("model", self._fields.get("model")) != self._fields.get("model"):
            raise Refused(Fault.CANNOT_UPDATE_MODEL)
        tracing = self._fields.get("tracing")
        if tracing is not None and update.get("tracing", tracing) != tracing:
            raise Refused(Fault.CANNOT_UPDATE_TRACING)
        merged = _merge(self._fields, update)
        if has_spoken and merged["audio"]["output"]["voice"] != self.speaking["voice"]:
            raise Refused(Fault.CANNOT_UPDATE_VOICE, param="session.audio.output.voice")
        self._fields = merged

    def _refuse_other_type(self, kind: str) -> None:
        if kind == self._fields["type"]:
            return
        raise Refused(Fault.REALTIME_TO_TRANSCRIPTION if self.is_transcription else Fault.TRANSCRIPTION_TO_REALTIME)
