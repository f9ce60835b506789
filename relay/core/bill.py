"""What a session's responses and transcripts cost, summed as the API says what it used."""

from decimal import Decimal
from typing import Any

from relay.core.prices import ZERO, Prices, read_usage
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
        return self._add(self._model, response.get("usage") if isinstance(response, dict) else None)

    def transcribed(self, usage: Any) -> Decimal:
        """Add a transcript; returns what it cost."""
        return self._add(self._transcriber or self._model, usage)

    def _add(self, model: str, said: Any) -> Decimal:
        usage = read_usage(said)
        usd = self._prices.of(model).of(usage)
        self._costs.add(self._prices.named(model), usage, usd)
        self.spent_usd += usd
        return usd
