"""Credentials for TURN servers that live no longer than a session: what coturn calls `use-auth-secret`.

The server knows the secret alone, and reads in the name until when it counts (draft-uberti-behave-turn-rest-00, 2.2).
"""

import base64
import hashlib
import hmac
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

LIFETIME_S = 75 * 60
"""A server asks for them with every refresh, and a session of the API's lasts an hour."""


@dataclass(frozen=True, slots=True)
class TurnCredentials:
    """For whom `subject_hash` names, until `expires_at`, in seconds since 1970."""

    username: str
    credential: str
    expires_at: int


def turn_credentials(secret: str, subject_hash: str | None, unix_now: float) -> TurnCredentials:
    """Credentials that count from now on."""
    expires_at = int(unix_now) + LIFETIME_S
    username = f"{expires_at}:{(subject_hash or 'anybody')[:16]}"
    # SHA-1 is what TURN servers of all makes take; as a MAC nobody has broken it.
    digest = hmac.new(secret.encode(), username.encode(), hashlib.sha1).digest()
    return TurnCredentials(username, base64.b64encode(digest).decode(), expires_at)


def ice_servers(addresses: Sequence[str], credentials: TurnCredentials | None) -> list[dict[str, Any]]:
    """What `RTCPeerConnection` takes as `iceServers`: TURN servers with their credentials, STUN servers without."""
    turn = [address for address in addresses if address.startswith("turn")]
    stun = [address for address in addresses if address not in turn]
    told: list[dict[str, Any]] = [{"urls": stun}] if stun else []
    if turn and credentials is not None:
        told.append({"urls": turn, "username": credentials.username, "credential": credentials.credential})
    return told
