"""Profiles: what is injected into a session, and how a wrong one is told at start-up.

A profile is the GA session object, with `voice` as a shorthand for `audio.output.voice`. It is checked against the
`openai` package's own types, because the upstream discards a `session.update` whole when one field of it is wrong.
"""

from collections.abc import Callable, Mapping
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
    path = f"profiles.{name}"
    options = _read_options(session, path)
    limits = read_limits(session.pop("limits", {}), f"{path}.limits", limits)
    kind = _read_kind(session.pop("type", REALTIME.name), path)
    _check_kind(kind, options, path)
    if "voice" in session:
        session["audio"] = _with_voice(session.get("audio", {}), session.pop("voice"), name)
    lock = _read_lock(session.pop("lock", ()), f"{path}.lock")
    if wrong := complaints_about(session, kind.name, path, lock):
        raise ValueError("; ".join(wrong))
    # Where the address that is dialled fixes the model, a session.update may not change it.
    model_named = "model" in session
    model = session.pop("model", default_model if kind is REALTIME else kind.model)
    session_object = kind.session_object(session, model)
    return Profile(name, model, session_object, lock, limits=limits, model_named=model_named, kind=kind, **options)


def _read_options(table: dict[str, Any], path: str) -> dict[str, Any]:
    """Take out of a profile's table what is the relay's and not the session's."""
    return {option: read(table.pop(option), f"{path}.{option}") for option, read in _OPTIONS.items() if option in table}


def _read_kind(type_: Any, path: str) -> Kind:
    if type_ not in tuple(KINDS):
        raise ValueError(f"{path}.type: must be one of {', '.join(KINDS)}, not {type_!r}")
    return KINDS[type_]


def _check_kind(kind: Kind, options: Mapping[str, Any], path: str) -> None:
    if "dialect" in options and kind.path != REALTIME.path:
        raise ValueError(f"{path}.dialect: {kind.name} sessions have none but the API's own")
    for flag in ("survive", "history"):
        if options.get(flag) and kind is not REALTIME:
            raise ValueError(f"{path}.{flag}: only realtime sessions can, and these are {kind.name} sessions")


def _read_replay_as(replay_as: Any, path: str) -> str:
    if replay_as not in REPLAYS:
        raise ValueError(f"{path}: must be one of {', '.join(REPLAYS)}, not {replay_as!r}")
    return str(replay_as)


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


_OPTIONS: Mapping[str, Callable[[Any, str], Any]] = MappingProxyType(
    {
        "record": read_recording_options,
        "quota": read_quota,
        "dialect": read_dialect,
        "guard": _read_guard,
        "attach": _read_flag,
        "survive": _read_flag,
        "history": _read_flag,
        "replay_as": _read_replay_as,
        "grace_s": _read_grace,
    }
)
"""How each field of `Profile` is read that a table may name beside those of its session."""
