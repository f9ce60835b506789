"""Authentication: who may open a session, as whom, and with which profile.

The relay is open where the settings name no credentials, which `relay serve` allows on loopback only. Otherwise a peer
brings a static token, a JWT or a ticket. Nothing here dials anywhere, but for a signer's published keys.
"""

import re
import secrets
from dataclasses import replace
from time import time

import structlog

from relay.admission.identity import ANYBODY, Identity
from relay.admission.jwks import KeysUnavailable
from relay.admission.jwts import JwtExpired, JwtInvalid, Jwts
from relay.admission.origin import names_no_domain, origin_allowed
from relay.admission.session_request import AdmittedRequest, SessionRequest
from relay.admission.ticket_session import with_session, within
from relay.admission.tickets import Ticket, TicketExpired, TicketInvalid, TicketSigner, looks_like_ticket
from relay.admission.tokens import Tokens, read_tokens_file
from relay.config.errors import SettingsError
from relay.config.profiles import DEFAULT_NAME, Profile
from relay.config.settings import Settings
from relay.core.causes import Cause
from relay.core.closing import Refused, ended
from relay.core.redaction import REDACTED

_ORIGIN = re.compile(r"null|[a-z][a-z0-9+.-]*://[^/?#@\s]+", re.IGNORECASE)
_CREDENTIALS = ("ek_", "rt_", "sk-", "eyJ")

_log = structlog.stdlib.get_logger("relay")


class Gate:
    """Admits peers and callers of the relay's REST interface.

    Args:
        settings: what is asked for.
        ticket_secret: signs tickets where the settings have no secret; processes that share peers share it.

    Raises:
        SettingsError: a file with tokens or with a key cannot be used.
    """

    def __init__(self, settings: Settings, ticket_secret: bytes | None = None) -> None:
        self._settings = settings
        self._tokens = _read_tokens(settings)
        self._jwts = _read_jwts(settings)
        own = settings.ticket_secret
        secret = ticket_secret or secrets.token_bytes() if own is None else own.get_secret_value().encode()
        self.tickets = TicketSigner(secret)
        if settings.guarded and own is None:
            _log.info("ticket_secret.drawn", note="tickets end with this process and open no replica")

    async def admit(self, request: SessionRequest) -> AdmittedRequest:
        """Find out who the peer is, and the profile that its session gets.

        Raises:
            Refused: with the row that says why.
        """
        identity = await self.identify(request)
        asked = dict(request.query).get("profile")
        profile = self.profile_for(identity, asked)
        try:
            profile = with_session(profile, identity.session)
        except ValueError:  # the profile has changed its kind since the ticket was written
            raise Refused(ended(Cause.CREDENTIALS_REFUSED)) from None
        profile = profile.at(request.endpoint_kind, by_name=asked is not None or identity.profile is not None)
        return AdmittedRequest.of(request, identity, replace(profile, limits=within(profile.limits, identity.limits)))

    async def identify(self, request: SessionRequest) -> Identity:
        """Check the page's origin and the credential.

        Waits only where the keys of a JWT's signer have to be fetched.

        Raises:
            Refused: with the row that says why.
        """
        self._check_origin(request)
        credential = _only_credential(request)
        identity = ANYBODY
        if credential is not None and looks_like_ticket(credential):
            identity = self._by_ticket(credential, request.origin)
        elif self._settings.guarded:
            if credential is None:
                raise Refused(ended(Cause.CREDENTIALS_MISSING))
            identity = self._tokens.identify(credential) or await self._by_jwt(credential)
        named = request.subject
        return replace(identity, subject=named) if named and identity.speaks_for_others else identity

    def profile_for(self, identity: Identity, asked: str | None) -> Profile:
        """The profile that is asked for by name, or the identity's own, or the default.

        Raises:
            Refused: there is none, or the identity may not use it.
        """
        if asked is not None and identity.profile not in {None, asked}:
            raise Refused(ended(Cause.PROFILE_REFUSED, named=_profile_shown(asked)))
        name = asked or identity.profile or DEFAULT_NAME
        profile = self._settings.profile(name)
        if profile is None:
            raise Refused(ended(Cause.PROFILE_UNKNOWN, named=_profile_shown(name)))
        return profile

    def _check_origin(self, request: SessionRequest) -> None:
        """Raise `Refused` for a page that may not connect.

        On an open relay a page of the relay's own name counts only where that name is an address or localhost:
        a stranger's name can be made to point here (DNS rebinding).
        """
        own = request.host if self._settings.guarded or names_no_domain(request.host) else ""
        if not origin_allowed(request.origin, own, self._settings.allowed_origins):
            raise Refused(ended(Cause.ORIGIN_REFUSED, named=_origin_shown(request.origin)))

    def _by_ticket(self, credential: str, origin: str | None) -> Identity:
        try:
            ticket: Ticket = self.tickets.read(credential, time())
        except TicketExpired:
            raise Refused(ended(Cause.CREDENTIALS_EXPIRED)) from None
        except TicketInvalid:
            raise Refused(ended(Cause.CREDENTIALS_REFUSED)) from None
        if ticket.origin not in {None, origin}:
            raise Refused(ended(Cause.ORIGIN_REFUSED, named=_origin_shown(origin)))
        return ticket.identity

    async def _by_jwt(self, credential: str) -> Identity:
        if self._jwts is None:
            raise Refused(ended(Cause.CREDENTIALS_REFUSED))
        try:
            return await self._jwts.identify(credential)
        except JwtExpired:
            raise Refused(ended(Cause.CREDENTIALS_EXPIRED)) from None
        except JwtInvalid:
            raise Refused(ended(Cause.CREDENTIALS_REFUSED)) from None
        except KeysUnavailable:
            raise Refused(ended(Cause.SIGN_IN_UNAVAILABLE)) from None


def _origin_shown(origin: str | None) -> dict[str, str]:
    """A refused origin's name; whatever else stands in that header may be a secret, and is not repeated."""
    shown = "none" if origin is None else origin if _ORIGIN.fullmatch(origin) else "not of a browser's form"
    return {"origin": shown}


def _profile_shown(name: str) -> dict[str, str]:
    """A refused profile's name, unless it is a credential in the wrong place."""
    return {"profile": REDACTED if name.startswith(_CREDENTIALS) else name}


def _only_credential(request: SessionRequest) -> str | None:
    """The credential that the peer came with, or None.

    Raises:
        Refused: it came with several, and somebody before us may have looked at another one.
    """
    if len(request.credentials) > 1:
        raise Refused(ended(Cause.CREDENTIALS_REFUSED))
    return (request.credentials[0] or None) if request.credentials else None


def _read_tokens(settings: Settings) -> Tokens:
    path = settings.tokens_file
    if path is None:
        return Tokens(settings.tokens)
    try:
        entries = list(read_tokens_file(path))
        for entry in entries:
            if entry.profile is not None:
                settings.check_profile(entry.profile, "tokens_file")
        return Tokens([*settings.tokens, *entries])
    except SettingsError:
        raise
    except UnicodeDecodeError:
        raise SettingsError("tokens_file: is not UTF-8") from None
    except OSError as failure:
        raise SettingsError(f"tokens_file: cannot read it: {failure.strerror}") from None
    except ValueError as failure:
        raise SettingsError(f"tokens_file: {failure}") from None


def _read_jwts(settings: Settings) -> Jwts | None:
    if settings.jwt is None:
        return None
    try:
        return Jwts(settings.jwt)
    except OSError as failure:
        raise SettingsError(f"jwt.public_key: cannot read the file: {failure.strerror}") from None
    except ValueError:
        raise SettingsError("jwt.public_key: is no public key in PEM, nor the path of a file with one") from None
