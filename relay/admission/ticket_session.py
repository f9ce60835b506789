"""A ticket's session and limits, put together with its profile's."""

from collections.abc import Mapping
from dataclasses import replace
from decimal import Decimal
from typing import Any

from relay.config.kinds import KINDS, MINTED, REALTIME
from relay.config.profiles import Profile
from relay.core.injection import merged
from relay.core.limits import Limits
from relay.core.locks import without_locked
from relay.core.tool_credentials import tool_credentials


def with_session(profile: Profile, session: Mapping[str, Any]) -> Profile:
    """The profile with `session` merged over its own, but for the fields that it locks.

    Raises:
        ValueError: the session is of another kind than the profile's.
    """
    if not session:
        return profile
    name, own = session.get("type", REALTIME.name), profile.kind
    if name not in MINTED:
        raise ValueError(f"session.type: must be one of {', '.join(MINTED)}")
    kind = KINDS[name]
    if own.name not in MINTED or (kind is not own and (profile.session or profile.lock)):
        raise ValueError(f"session.type: this profile is for {own.name} sessions")
    open_fields = dict(without_locked(session, profile.lock))
    model = open_fields.pop("model", None) if kind is REALTIME else None
    open_fields.pop("type", None)
    injected = kind.session_object(merged(profile.session, open_fields))
    dialled = None if kind is not REALTIME else model or profile.model
    return replace(
        profile,
        kind=kind,
        model=dialled,
        session=injected,
        model_fixed=model is not None,
        credentials=(*profile.credentials, *tool_credentials(open_fields)),
    )


def within(limits: Limits, bounds: Mapping[str, float]) -> Limits:
    """The limits, each no larger than the bound of its name."""
    figures = {name: Decimal(str(figure)) if name == "cost_usd" else figure for name, figure in bounds.items()}
    return replace(limits, **{name: min(getattr(limits, name), figure) for name, figure in figures.items()})
