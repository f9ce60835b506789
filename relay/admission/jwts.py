"""JSON Web Tokens: credentials that somebody else's sign-in made (RFC 7519, read with RFC 8725 in mind)."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from relay.admission.identity import Identity, read_limits
from relay.admission.jwks import KeySet
from relay.config.jwt_options import JwtOptions

if TYPE_CHECKING:
    from jwt import PyJWK

PROFILE_CLAIM = "relay_profile"
LIMITS_CLAIM = "relay_limits"


class JwtInvalid(ValueError):  # noqa: N818 - the fact, not the fault
    """Not signed by whom we trust, not for us, or no JWT at all."""


class JwtExpired(ValueError):  # noqa: N818 - the fact, not the fault
    """Rightly signed, and its time is over."""


class Jwts:
    """Checks JWTs with a secret, a public key, or the keys that their signer publishes.

    The algorithms come from the settings alone; what a token says about its own is only compared with them.

    Raises:
        OSError: the public key stands in a file that cannot be read.
        ValueError: the public key is none.
    """

    def __init__(self, options: JwtOptions) -> None:
        import jwt  # noqa: PLC0415 - 9 MB of cryptography, for who asks for it

        self._jwt = jwt
        self._options = options
        self._key_set = KeySet(options.jwks_url) if options.jwks_url else None
        self._key: Any = options.secret.get_secret_value() if options.secret else None
        if options.public_key is not None:
            from cryptography.hazmat.primitives.serialization import load_pem_public_key  # noqa: PLC0415 - of the same 9 MB

            self._key = load_pem_public_key(options.public_key_text().encode())

    async def identify(self, credential: str) -> Identity:
        """Who signed in with this token.

        Waits only where the signer's keys have to be fetched.

        Raises:
            JwtInvalid, JwtExpired: it opens nothing.
            KeysUnavailable: it cannot be checked now.
        """
        try:
            return self._identity(self._read(credential, await self._key_for(credential)))
        except self._jwt.ExpiredSignatureError:
            raise JwtExpired from None
        except (self._jwt.PyJWTError, UnicodeError, ValueError, TypeError, RecursionError, OverflowError):
            raise JwtInvalid from None

    async def _key_for(self, credential: str) -> "PyJWK | Any":
        if self._key_set is None:
            return self._key
        header = self._jwt.get_unverified_header(credential)
        if header.get("alg") not in self._options.accepted:  # before the signer is asked for anything
            raise JwtInvalid
        key = await self._key_set.key(header.get("kid"))
        if key is None:
            raise JwtInvalid
        return key

    def _read(self, credential: str, key: Any) -> Mapping[str, Any]:
        claims: Mapping[str, Any] = self._jwt.decode(
            credential,
            key,
            algorithms=self._options.accepted,
            audience=self._options.audience,
            issuer=self._options.issuer,
            leeway=self._options.leeway_s,
            options={"require": ["exp", "sub"]},
        )
        return claims

    def _identity(self, claims: Mapping[str, Any]) -> Identity:
        subject, profile = claims["sub"], claims.get(PROFILE_CLAIM)
        if not subject.encode() or not (profile is None or isinstance(profile, str)):
            raise JwtInvalid
        expires_at = None if self._options.tickets_outlive else float(claims["exp"])
        return Identity(subject, profile, read_limits(claims.get(LIMITS_CLAIM, {})), expires_at=expires_at)
