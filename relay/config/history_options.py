"""The table `[history]`: where conversations are kept, how long, and how much of one is said again."""

from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field, SecretStr, field_validator, model_validator

from relay.config.words import http_address, signing_secret
from relay.core.remembered import MOST_TOKENS, MOST_TURNS

SQLITE = "sqlite:"


class HistoryOptions(BaseModel):
    """What an operator says about history.

    Attributes:
        store: `sqlite:` and the path of a file; or else
        url, secret: of a service that keeps them, and what is asked of it is signed with.
        keep_days: after so many days what was said is deleted.
        replay_turns, replay_tokens: so much of a conversation is said to the next upstream, the newest of it.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    store: str | None = None
    url: str | None = None
    secret: SecretStr | None = None
    keep_days: float = Field(30.0, gt=0, le=36_500)
    replay_turns: int = Field(MOST_TURNS, ge=0, le=1000)
    replay_tokens: int = Field(MOST_TOKENS, ge=0, le=100_000)

    @field_validator("store")
    @classmethod
    def _a_file(cls, value: str | None) -> str | None:
        if value is None:
            return None
        if not value.startswith(SQLITE) or not value.removeprefix(SQLITE).strip() or ":memory:" in value:
            raise ValueError(f"must be {SQLITE} and the path of a file, such as {SQLITE}history.db")
        return value

    _an_address = field_validator("url")(http_address)
    _long_enough = field_validator("secret")(signing_secret)

    @model_validator(mode="after")
    def _one_place(self) -> "HistoryOptions":
        if (self.store is None) == (self.url is None):
            raise ValueError("needs a store, or else the url of a service")
        if (self.url is None) != (self.secret is None):
            raise ValueError("url and secret go together: one of them is missing")
        return self

    @property
    def path(self) -> Path:
        """The file's, where there is one."""
        return Path((self.store or "").removeprefix(SQLITE))
