"""Static tokens as they stand in the settings."""

from pydantic import BaseModel, ConfigDict, SecretStr, field_validator

TOKEN_LENGTH_LEAST = 16
"""A shorter one could be found by trying. `relay token` makes them with 43 random characters."""


class TokenOption(BaseModel):
    """One entry of the setting `tokens`."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    token: SecretStr
    subject: str | None = None
    profile: str | None = None

    @field_validator("token")
    @classmethod
    def _long_enough(cls, value: SecretStr) -> SecretStr:
        if len(value.get_secret_value()) < TOKEN_LENGTH_LEAST:
            raise ValueError(f"has less than {TOKEN_LENGTH_LEAST} characters; `relay token` makes a good one")
        return value
