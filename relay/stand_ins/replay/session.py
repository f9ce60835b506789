"""One replayed session, without a socket and without a clock.

    session = ReplaySession(recording, ReplayOptions(), now=0.0)
    session.receive('{"type": "response.create"}', now=1.0)
    while (message := session.next_message(now=1.0)) is not None: ...
    session.next_due        # when to ask again, if nothing is received before

The file is read twice side by side, once for what is awaited (`following`) and once for what is sent (`schedule`), so
an hour takes no more memory than a minute.
"""

from collections import deque
from dataclasses import dataclass
from secrets import token_hex

from relay.core.events import Data, read_peer_event, write_event
from relay.recording import Cut, End, Message, Recording, RecordingError
from relay.recording.format import said_by_relay
from relay.stand_ins.exchange import CloseWith
from relay.stand_ins.replay.ids import Ids
from relay.stand_ins.replay.replay_schedule import Entry, ReplaySchedule
from relay.stand_ins.replay.script_follower import Drift, ScriptFollower
from relay.stand_ins.replay.signs_of_life import ToldSession, asks_for_sign
from relay.stand_ins.replay.silence import with_silence


@dataclass(frozen=True, slots=True)
class ReplayOptions:
    """How to replay.

    Attributes:
        speed: how many times as fast as it was recorded; infinite to wait for nothing but the gates.
        strict: end the session at the first drift, instead of noting it and going on.
    """

    speed: float = 1.0
    strict: bool = True


class ReplaySession:
    """What the recorded upstream said, said again to another peer.

    Attributes:
        recording: what is replayed.
        closing: how the connection is to end once nothing is left to send; None while it goes on.
        failure: why the file could not be replayed to its end; None where it could.
    """

    def __init__(self, recording: Recording, options: ReplayOptions, now: float) -> None:
        self.recording = recording
        self.closing: CloseWith | None = None
        self.failure: str | None = None
        self._options = options
        self._ids = Ids()
        self._follower = ScriptFollower(recording, self._ids, strict=options.strict)
        self._schedule = ReplaySchedule(recording, options.speed, now)
        self._told = ToldSession()
        self._outbox: deque[Data] = deque()

    @property
    def drifts(self) -> list[Drift]:
        """Where the peer left the recording."""
        return self._follower.drifts

    @property
    def backlog(self) -> int:
        """How many messages of the replay's own are ready."""
        return len(self._outbox)

    @property
    def next_due(self) -> float | None:
        """When there is something to send, if nothing is received before."""
        try:
            return None if self.closing else self._schedule.due()
        except RecordingError as failure:
            self._fail("replay_failed", str(failure), 1011)
            return 0.0

    def receive(self, message: Data, now: float) -> None:
        """Take in one message of the peer. What a relay in between says itself is neither awaited nor missed."""
        if self.closing or said_by_relay(message):
            return
        event = read_peer_event(message)
        if asks_for_sign(event):
            self._outbox.extend(self._told.sign())
            return
        drifts_before = len(self.drifts)
        try:
            reached = self._follower.follow(event)
        except RecordingError as failure:
            self._fail("replay_failed", str(failure), 1011)
            return
        if reached is not None:
            self._schedule.reached(reached.number, reached.at, now)
        if self._options.strict and len(self.drifts) > drifts_before:
            drift = self.drifts[-1]
            where = self.recording.name if drift.line is None else f"{self.recording.name}, line {drift.line}"
            self._fail("replay_drift", f"This is not the recorded session ({where}): {drift.what}.", 4000)

    def next_message(self, now: float) -> Data | None:
        """The next message to send; None if there is none by now."""
        while not self._outbox and not self.closing:
            try:
                entry = self._schedule.take(now)
            except RecordingError as failure:
                self._fail("replay_failed", str(failure), 1011)
                break
            if entry is None:
                return None
            self._play(entry)
        return self._outbox.popleft() if self._outbox else None

    def end(self) -> None:
        """Take in and send no more: the connection is gone."""
        self._outbox.clear()
        self.closing = self.closing or CloseWith(None)

    def _play(self, entry: Entry) -> None:
        if isinstance(entry, Message):
            self._outbox.append(self._current(entry.data))
        elif not isinstance(entry, End):
            where = f" at line {entry.line}" if isinstance(entry, Cut) else " here"
            self._fail("replay_ended", f"The recording {self.recording.name} breaks off{where}.", 1011)
        elif entry.upstream.by == "upstream":
            code = entry.upstream.code
            self.closing = CloseWith(None if code == 1006 else code, entry.upstream.reason)

    def _current(self, data: Data) -> Data:
        if isinstance(data, bytes):
            return data
        if self.recording.header.audio == "hash":
            data = with_silence(data)
        self._ids.meet(data)
        current = self._ids.translate(data)
        self._told.meet(current)
        return current

    def _fail(self, code: str, words: str, close_code: int) -> None:
        """Tell the peer, as the API would tell it of an error, and close."""
        self.failure = words
        self._outbox.clear()
        error = {"type": "invalid_request_error", "code": code, "message": words, "param": None, "event_id": None}
        self._outbox.append(write_event({"type": "error", "event_id": f"event_{token_hex(10)}", "error": error}).data)
        self.closing = CloseWith(close_code, code)
