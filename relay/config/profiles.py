"""Profiles: what is injected into a session, and how a wrong one is told at start-up.

A profile is the GA session object, with `voice` as a shorthand for `audio.output.voice`. It is checked against the
`openai` package's own types, because the upstream discards a `session.update` whole when one field of it is wrong.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Any

from relay.config.dialects import read_dialect
from relay.config.kinds import KINDS, REALTIME, Kind
from relay.config.limits import read_limits, read_quota
from relay.config.quotas import Quota
from relay.config.recording_options import RecordingOptions, read_recording_options
from relay.config.session_types import complaints_about
from relay.core.causes import Cause
from relay.core.closing import Refused, ended
from relay.core.guards import GUARDS
from relay.core.limits import DEFAULT_LIMITS, Limits

DEFAULT_NAME = "default"
DEFAULT_MODEL = "gpt-realtime-2.1"
DEFAULT_MODELS: Mapping[str, str] = MappingProxyType({"xai": "grok-voice-latest"})
"""Of realtime sessions by upstream, where it is another one."""

MOST_GRACE_S = 300
"""Longer than that nobody holds a telephone to the ear in silence, and an upstream's session is paid for."""

REPLAYS = ("auto", "items", "instructions")

_SHORTHANDS: Mapping[str, str] = {"voice": "audio.output.voice"}


@dataclass(frozen=True, slots=True)
class Profile:
    """What a session gets when its peer asks for this name.

    Attributes:
        model: dialled when the peer names none; None for a transcription session, which takes none.
        session: what is injected as the session's object; empty when nothing is injected.
        lock: paths of fields that its peer may not change.
        model_fixed: whether its peer may name no other model, as where a ticket names one.
        model_named: whether the settings name the model.
        record: whether and how its sessions are recorded; None where it does not say.
        limits: what each of its sessions may take.
        quota: what all of its sessions may take, where that is not what other profiles' may.
        dialect: what its peers speak, see `relay.config.dialects`; None where they say it themselves.
        kind: of the sessions that it is for.
        credentials: what the tools of a ticket's or a call's own session open their servers with; no setting has them.
        guard: which of `relay.core.guards` watch its sessions; None for all where its peer is the voice page.
        survive: whether its sessions outlive their upstream.
        history: whether what is said in its sessions is kept.
        replay_as: how a conversation is said again, `auto` being items until an upstream falls silent after them.
        grace_s: how long a peer may be away that asked to come back; None for what suits its session.
        attach: whether its peers may reach calls and Live sessions whose owner this process does not know.
    """

    name: str
    model: str | None
    session: Mapping[str, Any]
    lock: tuple[str, ...] = ()
    record: RecordingOptions | None = None
    limits: Limits = DEFAULT_LIMITS
    model_fixed: bool = False
    model_named: bool = False
    quota: Quota | None = None
    dialect: str | None = None
    kind: Kind = REALTIME
    attach: bool = False
    credentials: tuple[str, ...] = ()
    guard: tuple[str, ...] | None = None
    survive: bool = False
    history: bool = False
    replay_as: str = "auto"
    grace_s: float | None = None

    def at(self, endpoint_kind: Kind, *, by_name: bool) -> "Profile":
        """The profile for a session that is requested at this kind's path.

        Where nobody asked for it by name, a profile of another kind stands for its limits alone.

        Raises:
            Refused: it is for sessions of another kind, or locks what such a session would leave open.
        """
        if self.kind.is_served_at(endpoint_kind) and not (self.lock and endpoint_kind.opening is None):
            return self
        if by_name or self.lock or self.model_fixed:
            raise Refused(ended(Cause.KIND_REFUSED, named={"profile": self.name, "kind": endpoint_kind.name}))
        bare = endpoint_kind.session_object({}, endpoint_kind.model)
        return replace(
            self, kind=endpoint_kind, model=endpoint_kind.model, session=bare, model_named=False, dialect=None
        )


def read_profile(
    name: str, table: Mapping[str, Any], limits: Limits = DEFAULT_LIMITS, default_model: str = DEFAULT_MODEL
) -> Profile:
    """Make a profile from its TOML table; what its `limits` do not name is as in those given.

    Raises:
        ValueError: names each wrong field, what is wrong with it, and the nearest right name.
    """
    session = dict(table)
    lock = session.pop("lock", ())
    record = read_recording_options(session.pop("record"), f"profiles.{name}.record") if "record" in session else None
    limits = read_limits(session.pop("limits", {}), f"profiles.{name}.limits", limits)
    quota = read_quota(session.pop("quota"), f"profiles.{name}.quota") if "quota" in session else None
    dialect = read_dialect(session.pop("dialect"), f"profiles.{name}.dialect") if "dialect" in session else None
    guard = _read_guard(session.pop("guard"), f"profiles.{name}.guard") if "guard" in session else None
    attach, survive, history = (
        _read_flag(session.pop(flag, False), f"profiles.{name}.{flag}") for flag in ("attach", "survive", "history")
    )
    if (replay_as := session.pop("replay_as", "auto")) not in REPLAYS:
        raise ValueError(f"profiles.{name}.replay_as: must be one of {', '.join(REPLAYS)}, not {replay_as!r}")
    grace_s = _read_grace(session.pop("grace_s"), f"profiles.{name}.grace_s") if "grace_s" in session else None
    type_ = session.pop("type", REALTIME.name)
    if type_ not in tuple(KINDS):
        raise ValueError(f"profiles.{name}.type: must be one of {', '.join(KINDS)}, not {type_!r}")
    kind = KINDS[type_]
    if dialect is not None and kind.path != REALTIME.path:
        raise ValueError(f"profiles.{name}.dialect: {type_} sessions have none but the API's own")
    for flag, is_on in (("survive", survive), ("history", history)):
        if is_on and kind is not REALTIME:
            raise ValueError(f"profiles.{name}.{flag}: only realtime sessions can, and these are {type_} sessions")
    if "voice" in session:
        session["audio"] = _with_voice(session.get("audio", {}), session.pop("voice"), name)
    lock = _read_lock(lock, f"profiles.{name}.lock")
    if wrong := complaints_about(session, kind.name, f"profiles.{name}", lock):
        raise ValueError("; ".join(wrong))
    # Where the address that is dialled fixes the model, a session.update may not change it.
    model_named = "model" in session
    model = session.pop("model", default_model if kind is REALTIME else kind.model)
    return Profile(
        name,
        model,
        kind.session_object(session, model),
        lock,
        record,
        limits,
        model_named=model_named,
        quota=quota,
        dialect=dialect,
        kind=kind,
        attach=attach,
        guard=guard,
        survive=survive,
        history=history,
        replay_as=replay_as,
        grace_s=grace_s,
    )


def _read_flag(flag: Any, path: str) -> bool:
    if not isinstance(flag, bool):
        raise ValueError(f"{path}: must be true or false")  # noqa: TRY004 - one kind for one place
    return flag


def _read_grace(grace_s: Any, path: str) -> float:
    if isinstance(grace_s, bool) or not isinstance(grace_s, int | float) or not 0 <= grace_s <= MOST_GRACE_S:
        raise ValueError(f"{path}: must be a number of seconds from 0, which waits for nobody, to {MOST_GRACE_S}")
    return float(grace_s)


def _read_guard(guard: Any, path: str) -> tuple[str, ...]:
    if not isinstance(guard, list | tuple) or not all(name in GUARDS for name in guard):
        raise ValueError(f"{path}: must be a list of {' and '.join(GUARDS)}, or empty for none of them")
    return tuple(guard)


def _read_lock(lock: Any, path: str) -> tuple[str, ...]:
    if not isinstance(lock, list | tuple) or not all(isinstance(field, str) for field in lock):
        raise ValueError(f'{path}: must be a list of fields, such as ["instructions", "audio.output.voice"]')
    if "type" in lock:
        raise ValueError(f"{path}: type cannot be locked; every update has to name it, and none can change it")
    return tuple(_SHORTHANDS.get(field, field) for field in lock)


def _with_voice(audio: Any, voice: Any, name: str) -> dict[str, Any]:
    output = audio.get("output", {}) if isinstance(audio, Mapping) else None
    if not isinstance(output, Mapping):
        raise ValueError(f"profiles.{name}.audio: must be a table, with `output` as a table in it")  # noqa: TRY004
    output = dict(output)
    if output.setdefault("voice", voice) != voice:
        raise ValueError(f"profiles.{name}: voice and audio.output.voice differ; give one of them")
    return {**audio, "output": output}
