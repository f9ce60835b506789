"""When to ask a service that has not answered again: not each time, since each time is waited for."""

PAUSE_S = 5.0
"""For how long it is not asked."""


class CircuitBreaker:
    """Decides whether to ask: after a failure nobody for `PAUSE_S`, then one at a time until there is an answer."""

    def __init__(self) -> None:
        self._is_open = False
        self._retry_at = 0.0

    def may_ask(self, now: float) -> bool:
        """Whether to ask now. A yes after a failure is for one, who need not come back with what became of it."""
        if not self._is_open:
            return True
        if now < self._retry_at:
            return False
        self._retry_at = now + PAUSE_S
        return True

    def answered(self) -> None:
        """It answers: everybody may ask."""
        self._is_open = False

    def failed(self, now: float) -> None:
        """It did not answer."""
        self._is_open = True
        self._retry_at = now + PAUSE_S
