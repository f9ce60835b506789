"""The loads. Sizes are of whole events; 24 kHz PCM16 in base64 is 64 KB a second."""

from dataclasses import dataclass, replace

from bench.contestants import BETA, IN_BYTES, RECORDING, RELAY
from bench.talk import ID_FIRST, ID_SECOND, Talk

CHUNK_40_MS = Talk(append_bytes=2600, delta_bytes=(2600,))
CHUNK_20_MS = Talk(append_bytes=1300, delta_bytes=(1300,))
BURSTS = Talk(append_bytes=2600, delta_bytes=(4096, 8192, 8192, 8192, 16384, 8192, 8192, 4096), answer_every=25)


@dataclass(frozen=True, slots=True)
class Scenario:
    """One load, the same for all contestants.

    Attributes:
        about: a sentence for the page.
        load: `steady`, `idle` or `churn`; see `bench.load`.
        sessions: at one time.
        rounds: how often it runs in a full benchmark.
        only: the keys of those that it is for; empty where it is for all.
    """

    key: str
    title: str
    about: str
    load: str = "steady"
    talk: Talk = CHUNK_40_MS
    sessions: int = 100
    interval_ms: float = 40.0
    warm_up_s: float = 1.0
    window_s: float = 4.0
    tls: bool = False
    rounds: int = 5
    only: tuple[str, ...] = ()

    def arguments(self) -> list[str]:
        """This load, on the load generator's command line."""
        return [
            self.load,
            f"--sessions={self.sessions}",
            f"--interval-ms={self.interval_ms}",
            f"--warm-up-s={self.warm_up_s}",
            f"--window-s={self.window_s}",
            *self.talk.arguments(),
        ]


STEADY = Scenario(
    "steady-40ms",
    "Steady audio, 40 ms chunks",
    "100 sessions; each sends 2.6 KB every 40 ms, and each event is answered by one of the same size.",
)
WITH_ID_SECOND = Scenario(
    "id-second",
    "Appends with an id",
    "As steady audio, but each append has an `event_id` behind its type.",
    talk=replace(CHUNK_40_MS, shape=ID_SECOND),
    window_s=3.0,
)
WITH_ID_FIRST = Scenario(
    "id-first",
    "Appends with the id first",
    "As steady audio, but each append has its `event_id` before the type, as the reference client of 2024 writes it.",
    talk=replace(CHUNK_40_MS, shape=ID_FIRST),
    window_s=3.0,
)
STEADY_20_MS = Scenario(
    "steady-20ms",
    "Steady audio, 20 ms chunks",
    "100 sessions; each sends 1.3 KB every 20 ms, and each event is answered by one of the same size.",
    talk=CHUNK_20_MS,
    interval_ms=20.0,
    window_s=3.0,
)
IN_BURSTS = Scenario(
    "bursts",
    "Answers in bursts",
    "100 sessions; each sends 2.6 KB every 40 ms, and each second gets a burst of eight deltas of 4 to 16 KB. "
    "Latency is until each delta of the burst is here.",
    talk=BURSTS,
)
TLS = Scenario(
    "tls",
    "TLS upstream",
    "As steady audio with 40 ms chunks, but the upstream is reached with TLS, its certificate checked. "
    "In the bare connection it is the load generator that speaks TLS.",
    tls=True,
    window_s=3.0,
)
TEN = Scenario(
    "growth-10",
    "10 sessions",
    "10 sessions, an event of 2.6 KB every 4 ms each.",
    sessions=10,
    interval_ms=4.0,
    window_s=3.0,
    rounds=3,
)
THOUSAND = Scenario(
    "growth-1000",
    "1,000 sessions",
    "1,000 sessions, an event of 2.6 KB every 400 ms each.",
    sessions=1000,
    interval_ms=400.0,
    window_s=3.0,
    rounds=3,
)
IDLE = Scenario(
    "idle",
    "Many idle sessions",
    "2,000 sessions that say nothing; after the measurement each says one thing and is answered.",
    load="idle",
    sessions=2000,
    window_s=1.0,
    rounds=1,
)
CHURN = Scenario(
    "churn",
    "Coming and going",
    "16 visitors at a time: open a session, be greeted, exchange one event, close, and again.",
    load="churn",
    sessions=16,
    window_s=3.0,
    rounds=2,
)

WAYS = Scenario(
    "ways",
    "Other ways through",
    "As steady audio, but the peer has its audio in bytes, as the relay's own page does, or speaks the beta, or is "
    "recorded. Each is compared with the relay that forwards JSON as it came, in the same round.",
    window_s=3.0,
    only=(RELAY, IN_BYTES, BETA, RECORDING),
)

FULL = (STEADY, WITH_ID_SECOND, WITH_ID_FIRST, STEADY_20_MS, IN_BURSTS, TLS, TEN, THOUSAND, IDLE, CHURN, WAYS)
QUICK = (replace(STEADY, window_s=2.5),)
GROWTH = (TEN, STEADY, THOUSAND)
"""The same number of events a second from 10, 100 and 1,000 sessions."""
