"""When a call's camera or screen is shown to the model, and how often: decided without a picture and without a clock.

    turn      at `speech_started`, or before the peer's own commit, so that the picture stands before the question
    interval  every so many seconds
    never     not at all

A picture is an item like any other that a peer creates: the upstream takes it, bills it, and tells the peer.
"""

import binascii
from collections import deque
from collections.abc import Iterator

from relay.core.events import Body, Event

TURN, INTERVAL, NEVER = "turn", "interval", "never"
WHEN = (TURN, INTERVAL, NEVER)

OWN = "relay_picture"
"""What the `event_id` of what is said here begins with."""

SPEECH_STARTED, COMMIT, ERROR = "input_audio_buffer.speech_started", "input_audio_buffer.commit", "error"


class Pictures:
    """Which of a session's pictures are shown.

    Args:
        name: at most 16 characters that tell this session's items from those of others.
        most: how many are shown in all.
        keep: how many of them, the latest, stay in the conversation; 0 for all.
    """

    def __init__(self, name: str, *, when: str, interval_s: float, most: int, keep: int) -> None:
        self._name = name
        self._when = when
        self._interval_s = interval_s
        self._left = most
        self._keep = keep
        self._shown = 0
        self._ids: deque[str] = deque()
        self._next_at = 0.0

    def wanted_at(self, event: Event) -> bool:
        """Whether one is to be taken because of what the upstream says, or the peer."""
        if event.type == ERROR:
            error = event.body.get("error")
            if isinstance(error, dict) and str(error.get("event_id")).startswith(OWN):
                self._left = 0  # an upstream that takes none is asked once
            return False
        return self._when == TURN and self._left > 0 and event.type in {SPEECH_STARTED, COMMIT}

    def wanted_by(self, now: float) -> bool:
        """Whether one is to be taken because of the time."""
        if self._when != INTERVAL or not self._left or now < self._next_at:
            return False
        self._next_at = now + self._interval_s
        return True

    def show(self, jpeg: bytes) -> Iterator[Body]:
        """What is said upstream for a picture: it, and what makes room for it."""
        if not self._left:
            return
        self._left -= 1
        self._shown += 1
        item_id = f"pic_{self._name}_{self._shown}"
        url = f"data:image/jpeg;base64,{binascii.b2a_base64(jpeg, newline=False).decode()}"
        content = [{"type": "input_image", "image_url": url}]
        item = {"id": item_id, "type": "message", "role": "user", "content": content}
        yield {"type": "conversation.item.create", "event_id": f"{OWN}_{self._shown}", "item": item}
        self._ids.append(item_id)
        if self._keep and len(self._ids) > self._keep:
            oldest = self._ids.popleft()
            yield {"type": "conversation.item.delete", "event_id": f"{OWN}_{self._shown}_old", "item_id": oldest}
        elif not self._keep:
            self._ids.clear()
