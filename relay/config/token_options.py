"""Static tokens as they stand in the settings."""

from pydantic import BaseModel, ConfigDict, SecretStr, field_validator

from relay.config.words import one_word

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
        word = one_word(value.get_secret_value())
        if len(word) < TOKEN_LENGTH_LEAST:
            raise ValueError(f"has less than {TOKEN_LENGTH_LEAST} characters; `relay token` makes a good one")
        return SecretStr(word)
