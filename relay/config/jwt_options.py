"""The settings of JWTs, and which signatures they allow."""

from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, SecretStr, field_validator, model_validator

from relay.config.words import http_address, signing_secret

_SYMMETRIC = ("HS256", "HS384", "HS512")
_ASYMMETRIC = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA")

ALGORITHMS: Mapping[str, tuple[str, ...]] = MappingProxyType({
    "secret": _SYMMETRIC, "public_key": _ASYMMETRIC, "jwks_url": _ASYMMETRIC,
})  # fmt: skip
"""What each source of keys may be used with. None of them has both kinds, so a public key never becomes a secret."""

_DEFAULT_ALGORITHMS: Mapping[str, tuple[str, ...]] = MappingProxyType({
    "secret": ("HS256",), "public_key": ("RS256", "ES256"), "jwks_url": ("RS256", "ES256"),
})  # fmt: skip


class JwtOptions(BaseModel):
    """The table `[jwt]`. One of `secret`, `public_key` and `jwks_url` says what the signatures are checked with.

    Attributes:
        secret: shared with whoever signs; at least 32 characters.
        public_key: in PEM, or the path of a file that holds it.
        jwks_url: where the signer publishes its keys.
        audience: what `aud` has to name; a `jwks_url` needs it, since its signer may serve others too.
        issuer: what `iss` has to be.
        leeway_s: by how much two clocks may differ.
        algorithms: those that are taken, of the source's kind.
        tickets_outlive: whether a ticket may open sessions for longer than the JWT that it was made with.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    secret: SecretStr | None = None
    public_key: str | None = None
    jwks_url: str | None = None
    audience: str | None = None
    issuer: str | None = None
    leeway_s: float = Field(10.0, ge=0, le=300)
    algorithms: tuple[str, ...] = ()
    tickets_outlive: bool = False

    _an_address = field_validator("jwks_url")(http_address)
    _long_enough = field_validator("secret")(signing_secret)

    @field_validator("algorithms", mode="before")
    @classmethod
    def _split_algorithms(cls, value: Any) -> Any:
        return tuple(name.strip() for name in value.split(",")) if isinstance(value, str) else value

    @model_validator(mode="after")
    def _one_source(self) -> "JwtOptions":
        given = [name for name in ALGORITHMS if getattr(self, name) is not None]
        if len(given) != 1:
            raise ValueError("needs one of secret, public_key and jwks_url, and no more than one")
        wrong = [name for name in self.algorithms if name not in ALGORITHMS[given[0]]]
        if wrong:
            raise ValueError(f"algorithms: {', '.join(wrong)} cannot be checked with {given[0]}")
        if self.jwks_url is not None and self.audience is None:
            raise ValueError("audience is missing: the keys at jwks_url may sign for other services too")
        return self

    @property
    def source(self) -> str:
        """Which of the three says what signatures are checked with."""
        return next(name for name in ALGORITHMS if getattr(self, name) is not None)

    @property
    def accepted(self) -> tuple[str, ...]:
        """The algorithms that are taken."""
        return self.algorithms or _DEFAULT_ALGORITHMS[self.source]

    def public_key_text(self) -> str:
        """The public key in PEM.

        Raises:
            OSError: it stands in a file that cannot be read.
        """
        written = self.public_key or ""
        return written if "-----BEGIN" in written else Path(written).read_text()
