"""How long a supervisor waits for a worker: until it listens, gives a sign of life, leaves. Decides, and waits itself
for nothing."""

START_LIMIT_S = 120.0
"""How long a worker may take until it listens; on a busy machine the imports alone take seconds."""

SILENCE_LIMIT_S = 10.0
"""How long a worker that listens may give no sign of life: it gives one a second, and new connections wait for it."""

LEAVING_MARGIN_S = 10.0
"""How long it may take beyond its drain, for closing handshakes and what it still has to write."""


class Patience:
    """What one worker may take. Times are of one monotonic clock that all processes of the machine share.

    Args:
        now: when the worker was started.
    """

    def __init__(self, now: float) -> None:
        self._drain_timeout_s = 0.0
        self._listens = False
        self._due = now + START_LIMIT_S
        self._overdue = f"it did not listen within {START_LIMIT_S:.0f} s"

    def listens(self, drain_timeout_s: float) -> None:
        """It listens, and may go on for as long as it gives signs of life."""
        self._listens = True
        self._drain_timeout_s = drain_timeout_s
        self._due = float("inf")

    def leaves(self, now: float) -> None:
        """It was told to leave."""
        self._due = min(self._due, now + self._drain_timeout_s + LEAVING_MARGIN_S)
        self._overdue = "it did not leave in time"

    def leaves_now(self, now: float) -> None:
        """It was told to leave without a drain."""
        self._due = min(self._due, now + LEAVING_MARGIN_S)

    def lost(self, now: float, sign_of_life_at: float) -> str | None:
        """Why nobody has to wait for it any longer; None while that is not so."""
        if self._listens and now - sign_of_life_at > SILENCE_LIMIT_S:
            return f"it gave no sign of life for {SILENCE_LIMIT_S:.0f} s"
        return self._overdue if now > self._due else None
