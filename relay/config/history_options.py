"""The table `[history]`: where conversations are kept, how long, and how much of one is said again."""

from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field, field_validator

from relay.core.remembered import MOST_TOKENS, MOST_TURNS

SQLITE = "sqlite:"


class HistoryOptions(BaseModel):
    """What an operator says about history.

    Attributes:
        store: `sqlite:` and the path of a file.
        keep_days: after so many days what was said is deleted.
        replay_turns, replay_tokens: so much of a conversation is said to the next upstream, the newest of it.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    store: str
    keep_days: float = Field(30.0, gt=0, le=36_500)
    replay_turns: int = Field(MOST_TURNS, ge=0, le=1000)
    replay_tokens: int = Field(MOST_TOKENS, ge=0, le=100_000)

    @field_validator("store")
    @classmethod
    def _a_file(cls, value: str) -> str:
        if not value.startswith(SQLITE) or not value.removeprefix(SQLITE).strip() or ":memory:" in value:
            raise ValueError(f"must be {SQLITE} and the path of a file, such as {SQLITE}history.db")
        return value

    @property
    def path(self) -> Path:
        """The file's."""
        return Path(self.store.removeprefix(SQLITE))
