"""A cascade as the upstream of a relay in the same process.

It is reached over a loopback socket like any other upstream, so that no code path exists for it alone. The services
cost money, so the socket is for this process: whoever comes without the secret that it made is refused.
"""

import asyncio
import secrets
import time
from collections import Counter
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from http import HTTPStatus
from typing import TYPE_CHECKING
from urllib.parse import parse_qs, urlencode, urlsplit

import structlog
from websockets.asyncio.server import ServerConnection

from relay.admission.session_request import AdmittedRequest
from relay.cascade.connection import CascadeConnection
from relay.cascade.ears import FRAME_MS, Ears, EnergyEars, SileroEars
from relay.cascade.ears.smart_turn import SmartTurn
from relay.cascade.services.asking import Http
from relay.cascade.services.probing import warn_of_the_dead
from relay.cascade.services.services import Stages
from relay.cascade.session import CascadeSession
from relay.config.cascade import Cascade
from relay.config.errors import SettingsError
from relay.config.kinds import INTENT, TRANSCRIPTION
from relay.config.settings import Settings
from relay.legs.target import DialOptions, Target
from relay.stand_ins.faults import Disturbance
from relay.stand_ins.listener import Refusal, listening
from relay.stand_ins.wire import Wire
from relay.upstreams.providers import Provider
from relay.upstreams.targets import Upstream, upstream_of

if TYPE_CHECKING:
    from websockets.http11 import Request

INSTALL = "Install the extra: pip install 'realtime-relay[{extra}]'."
PROFILE = "profile"


def check_cascade(settings: Settings) -> None:
    """Raise `SettingsError` where a cascade could not be run."""
    try:
        open_ears(settings).close()
        import sentencex  # noqa: F401, PLC0415 - 4 MB, for who has a cascade

        for path in {cascade.smart_turn for cascade in cascades(settings).values()}:
            if path is not None:
                SmartTurn(path)
    except ImportError as missing:
        extra = "smart-turn" if str(missing.name).startswith("onnxruntime") else "cascade"
        raise SettingsError(
            f"upstream cascade: {missing.name} is not installed. {INSTALL.format(extra=extra)}"
        ) from None
    except ValueError as failure:
        raise SettingsError(f"cascade.turn.smart_turn: {failure}") from None
    except OSError as failure:
        raise SettingsError(
            f'upstream cascade: Silero does not run here ({failure}). Set cascade.turn.ear to "energy".'
        ) from None


def cascades(settings: Settings) -> Mapping[str, Cascade]:
    """The cascade of each profile."""
    names = ("default", *settings.profiles)
    return {name: cascade for name in names if (cascade := settings.cascade_of(name)) is not None}


def open_ears(settings: Settings) -> Ears:
    """The ears that the settings name: Silero's where one profile wants them."""
    wants_silero = any(cascade.ear == "silero" for cascade in cascades(settings).values())
    return SileroEars() if wants_silero else EnergyEars()


class CascadeServer:
    """Serves the sessions of a process.

    Attributes:
        url: where it listens.
        secret: what lets in.
    """

    def __init__(self, settings: Settings, http: Http, ears: Ears) -> None:
        options = DialOptions(settings.max_message_bytes, settings.dial_timeout_s)
        self.url = ""
        self.secret = secrets.token_urlsafe(24)
        self._stages = {name: Stages(cascade, http, options) for name, cascade in cascades(settings).items()}
        self._silero = ears
        self._energy = EnergyEars()

    def gate(self, _: ServerConnection, request: "Request") -> Refusal | None:
        """Let nobody in but this process."""
        given = request.headers.get("Authorization", "")
        if secrets.compare_digest(given.encode(), f"Bearer {self.secret}".encode()):
            return None
        return HTTPStatus.UNAUTHORIZED, "This socket is the relay's own."

    async def serve(self, connection: ServerConnection) -> None:
        """Serve one connection that has been accepted, until it is closed."""
        assert connection.request is not None  # noqa: S101 - it has been accepted
        query = parse_qs(urlsplit(connection.request.path).query)
        stages = self._stages[query[PROFILE][0]]
        transcribes = query.get(INTENT) == [TRANSCRIPTION.name]
        model = query.get("model", [stages.cascade.think.addresses[0].model])[0]
        session = CascadeSession(
            stages.cascade,
            None if transcribes else model,
            frame_ms=FRAME_MS,
            now=asyncio.get_running_loop().time(),
            unix_now=time.time(),
        )
        ears = self._silero if stages.cascade.ear == "silero" else self._energy
        with structlog.contextvars.bound_contextvars(upstream_session_id=session.engine.realtime.as_dict()["id"]):
            await CascadeConnection(Wire(connection), session, stages, ears).run()

    def upstream(self, request: AdmittedRequest) -> Target:
        """How to reach it: each session says of which profile it is, which a peer cannot change."""
        address = f"{self.url}?{urlencode({PROFILE: request.profile.name})}"
        headers = {"Authorization": f"Bearer {self.secret}"}
        return upstream_of(Provider("cascade", address, headers, only_realtime=True, is_local=True))(request)

    async def warn_of_the_dead(self, http: Http) -> None:
        """Log which services do not answer at all; nobody waits for this."""
        for stages in self._stages.values():
            await warn_of_the_dead(stages.cascade, http)

    def failures(self) -> Mapping[tuple[str, str], int]:
        """What went wrong with services so far, by stage and fault."""
        counted: Counter[tuple[str, str]] = Counter()
        for stages in self._stages.values():
            for attempts in (stages.hear, stages.think, stages.speak):
                for fault, count in attempts.failures.items():
                    counted[attempts.stage.value, fault.value] += count
        return counted


@asynccontextmanager
async def serve_cascade(settings: Settings) -> AsyncIterator[tuple[Upstream, CascadeServer]]:
    """Run the cascade until the context is left; yields how to reach it, and what runs."""
    http, ears = Http(), open_ears(settings)
    try:
        server = CascadeServer(settings, http, ears)
        async with listening(server.serve, "127.0.0.1", 0, server.gate, Disturbance()) as server.url:
            warning = asyncio.create_task(server.warn_of_the_dead(http))
            try:
                yield server.upstream, server
            finally:
                warning.cancel()
                await asyncio.wait({warning})
    finally:
        await asyncio.to_thread(ears.close)
        await http.close()
