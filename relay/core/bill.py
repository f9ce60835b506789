"""What a session's responses, transcripts and time cost, summed as they are known."""

from decimal import Decimal
from typing import Any

from relay.core.prices import ZERO, Prices, Usage, read_usage
from relay.core.tally import Costs


class Bill:
    """Sums one session's cost.

    Args:
        prices: by model.
        model: what the session was dialled for, until the upstream says what it is.
        costs: where all of it is counted besides.

    Attributes:
        spent_usd: so far.
    """

    def __init__(self, prices: Prices, model: str | None, costs: Costs) -> None:
        self.spent_usd = ZERO
        self._prices = prices
        self._model = model or ""
        self._transcriber = ""
        self._costs = costs

    def learn(self, session: Any) -> None:
        """Note which models are at work: the upstream may serve another one than was asked for."""
        if not isinstance(session, dict):
            return
        if isinstance(model := session.get("model"), str):
            self._model = model
        found: Any = session
        for key in ("audio", "input", "transcription", "model"):
            found = found.get(key) if isinstance(found, dict) else None
        if isinstance(found, str):
            self._transcriber = found

    def responded(self, response: Any) -> Decimal:
        """Add a response that is done; returns what it cost."""
        return self._add(self._model, read_usage(response.get("usage") if isinstance(response, dict) else None))

    def transcribed(self, usage: Any) -> Decimal:
        """Add a transcript; returns what it cost."""
        return self._add(self._transcriber or self._model, read_usage(usage))

    def lasted(self, seconds: Decimal) -> Decimal:
        """Add time that is billed as such; returns what it cost."""
        return self._add(self._model, Usage({}, seconds))

    def _add(self, model: str, usage: Usage) -> Decimal:
        usd = self._prices.of(model).of(usage)
        self._costs.add(self._prices.named(model), usage, usd)
        self.spent_usd += usd
        return usd
