"""Recordings as a test wants them."""

import json
from pathlib import Path
from typing import Any

from relay.core.events import Data
from relay.recording import End, Header, Message, Recording, Side, read_recording
from relay.recording.format import Line, said_by_relay, write_line

Said = Data | dict[str, Any]


class Scripted:
    """A recording, line by line; gates are counted as the recorder does it.

    Args:
        header: what differs from an ordinary session's header.
    """

    def __init__(self, **header: Any) -> None:
        ordinary = {"session_id": "s1", "started_at": "2026-11-21T09:30:00.000Z", "model": "gpt-realtime-2.1",
                    "profile": "default", "relay_version": "0.1.0"}  # fmt: skip
        self.lines: list[Line] = [Header(**{**ordinary, **header})]
        self._after = 0
        self._at = 0.0

    def up(self, said: Said, at: float | None = None) -> "Scripted":
        """The peer says this."""
        data = self._add("up", said, at)
        self._after += not said_by_relay(data)
        return self

    def down(self, said: Said, at: float | None = None) -> "Scripted":
        """The upstream says this."""
        self._add("down", said, at)
        return self

    def closed_by_peer(self, at: float | None = None) -> "Scripted":
        """The peer leaves with 1000."""
        sides = Side(1000, "", "peer"), Side(1000, "", "relay")
        self.lines.append(End(self._time(at), "peer_closed", self._after, *sides))
        return self

    def closed_by_upstream(self, code: int, reason: str, at: float | None = None) -> "Scripted":
        """The upstream leaves."""
        cause = "upstream_lost" if code == 1006 else "upstream_closed"
        sides = Side(1011 if code == 1006 else code, reason, "relay"), Side(code, reason, "upstream")
        self.lines.append(End(self._time(at), cause, self._after, *sides))
        return self

    def write(self, path: Path) -> Recording:
        """Put it into a file."""
        path.write_bytes(b"".join(map(write_line, self.lines)))
        return read_recording(path)

    def _add(self, direction: Any, said: Said, at: float | None) -> Data:
        data = json.dumps(said) if isinstance(said, dict) else said
        self.lines.append(Message(self._time(at), direction, data, self._after, said_by_relay(data)))
        return data

    def _time(self, at: float | None) -> float:
        self._at = self._at if at is None else at
        return self._at
