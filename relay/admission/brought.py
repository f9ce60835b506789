"""What a credential brings for its session, put together with what its profile has."""

from collections.abc import Mapping
from dataclasses import replace
from decimal import Decimal
from typing import Any

from relay.core.limits import Limits
from relay.core.locks import without_locked
from relay.profiles import Profile


def with_session(profile: Profile, session: Mapping[str, Any]) -> Profile:
    """The profile with `session` merged over its own, but for the fields that it locks.

    Raises:
        ValueError: the session is of another kind than the profile's.
    """
    if not session:
        return profile
    kind, own_kind = session.get("type", "realtime"), "realtime" if profile.model else "transcription"
    if kind != own_kind and (profile.session or profile.lock):
        raise ValueError(f"session.type: this profile is for {own_kind} sessions")
    brought = dict(without_locked(session, profile.lock))
    model = brought.pop("model", None) if kind == "realtime" else None
    brought.pop("type", None)
    injected = {"type": kind, **merged(profile.session, brought)} if brought or profile.session else {}
    dialled = None if kind != "realtime" else model or profile.model
    return replace(profile, model=dialled, session=injected, model_fixed=model is not None)


def within(limits: Limits, bounds: Mapping[str, float]) -> Limits:
    """The limits, each no larger than the bound of its name."""
    figures = {name: Decimal(str(figure)) if name == "cost_usd" else figure for name, figure in bounds.items()}
    return replace(limits, **{name: min(getattr(limits, name), figure) for name, figure in figures.items()})


def merged(under: Mapping[str, Any], over: Mapping[str, Any]) -> dict[str, Any]:
    """Both objects in one; where both have a value, the one of `over` counts, unless both are objects themselves."""
    result = dict(under)
    for key, value in over.items():
        below = result.get(key)
        result[key] = merged(below, value) if isinstance(below, Mapping) and isinstance(value, Mapping) else value
    return result
