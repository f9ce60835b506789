"""A budget that others share, and that is asked over a network."""

from decimal import Decimal

from relay.core.budget import Verdict


class SlowBudget:
    """Answers when the test says so.

    Attributes:
        spent_share: what the test says that others have spent.
        verdicts: to be called, one for each amount that was to be set aside.
        paid, freed: what was paid, and under which names something was freed.
        kept: what was set aside without being asked.
    """

    def __init__(self) -> None:
        self.spent_share = Decimal(0)
        self.verdicts: list[Verdict] = []
        self.paid: list[Decimal] = []
        self.freed: list[str] = []
        self.kept: list[Decimal] = []

    def reserve(self, name: str, usd: Decimal, verdict: Verdict) -> None:
        self.verdicts.append(verdict)

    def keep(self, name: str, usd: Decimal) -> None:
        self.kept.append(usd)

    def spend(self, usd: Decimal, name: str | None = None) -> None:
        self.paid.append(usd)
        if name is not None:
            self.freed.append(name)

    def tick(self, now: float) -> None:
        """Nothing changes by itself."""
