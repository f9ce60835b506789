"""The metrics of one process, in Prometheus' text format. `docs/metrics.md` lists them.

What happens for each event is summed in a `Tally` and read when the endpoint is scraped; what happens for each session
is rare enough for the library's own objects. Labels come from enums and fixed lists only.
"""

from collections.abc import Awaitable, Callable, Iterable, Iterator
from functools import partial
from typing import get_args

import structlog
from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    GCCollector,
    PlatformCollector,
    ProcessCollector,
    generate_latest,
)
from prometheus_client import Histogram as PrometheusHistogram
from prometheus_client.core import CounterMetricFamily, HistogramMetricFamily
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector

from relay.core.causes import Cause
from relay.core.closing import Ended
from relay.core.guards import GUARDS
from relay.core.handover import Reason
from relay.core.last_dials import OUTCOMES, LastDials
from relay.core.tally import Direction, Histogram, Tally
from relay.core.unconfirmed import Return
from relay.recording.recordings import Failure
from relay.version import __version__

_log = structlog.stdlib.get_logger("relay")

_DIAL_BUCKETS_S = (0.01, 0.025, 0.05, 0.1, 0.2, 0.3, 0.5, 0.75, 1.0, 2.0, 5.0, 10.0)
_LAG_BUCKETS_S = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1.0)


REQUEST_INVALID = "request_invalid"
NO_TICKET = tuple(
    cause.value
    for cause in (
        Cause.ORIGIN_REFUSED,
        Cause.CREDENTIALS_MISSING,
        Cause.CREDENTIALS_REFUSED,
        Cause.CREDENTIALS_EXPIRED,
        Cause.SIGN_IN_UNAVAILABLE,
        Cause.PROFILE_REFUSED,
        Cause.PROFILE_UNKNOWN,
    )
)
"""Why a ticket is refused to somebody."""


class Metrics:
    """All that the relay counts; one for each application.

    Attributes:
        registry: what this process counts.
        last_dials: how the last attempts to open an upstream went.
        expose: writes what a scrape gets, which is more where several processes serve together.

    Args:
        lane: `compiled` or `none`.
    """

    def __init__(self, lane: str = "none") -> None:
        self.registry = CollectorRegistry()
        self.expose: Callable[[], Awaitable[bytes]] = self._own_exposition
        self.tally = Tally()
        self.registry.register(_TallyCollector(self.tally))
        for collector in (ProcessCollector, PlatformCollector, GCCollector):
            collector(registry=self.registry)
        gauge, counter = partial(Gauge, registry=self.registry), partial(Counter, registry=self.registry)
        gauge("relay_build_info", "The relay's version, and whether its fast lane is `compiled`.",
              ["version", "lane"]).labels(__version__, lane).set(1)  # fmt: skip
        self._watch_process(gauge)
        self._watch_upstreams(gauge, counter)
        self._count_sessions(counter)
        self._count_calls(gauge, counter)
        self._count_conversations(counter)
        self._measure_times(partial(PrometheusHistogram, registry=self.registry))

    def _watch_process(self, gauge: Callable[..., Gauge]) -> None:
        self.sessions_open = gauge("relay_sessions_open", "Sessions that are open now.")
        self.peers_awaited = gauge("relay_peers_awaited", "Sessions whose peer lost its connection and may come back.")
        self.draining = gauge("relay_draining", "1 while the process admits nobody.")
        self.buffered_bytes = gauge("relay_buffered_bytes", "What waits for ends that read slowly, in all sessions.")
        self.certificate_expires = gauge(
            "relay_certificate_expires_timestamp_seconds",
            "When the listener's certificate ends, in seconds since 1970; 0 where a proxy speaks TLS.",
        )

    def _watch_upstreams(self, gauge: Callable[..., Gauge], counter: Callable[..., Counter]) -> None:
        self.last_dials = LastDials()
        dials = gauge("relay_upstream_last_dials", "The last 20 attempts to open an upstream, by outcome.", ["outcome"])
        for outcome in OUTCOMES:
            dials.labels(outcome).set_function(partial(self.last_dials.count, outcome))
        self._successions = counter(
            "relay_upstream_successions",
            "Times that another upstream was to take a session over, by reason and by whether one did.",
            ["reason", "outcome"],
        )
        for reason in Reason:
            for outcome in ("succeeded", "failed"):
                self._successions.labels(reason.value, outcome)

    def _count_sessions(self, counter: Callable[..., Counter]) -> None:
        causes, failures = [cause.value for cause in Cause], get_args(Failure)
        self._ended = _labelled(
            counter("relay_sessions_ended", "Sessions that ended or never began, by cause.", ["cause"]), causes
        )
        self._refused = _labelled(
            counter("relay_sessions_refused", "Of those, the sessions that never began, by cause.", ["cause"]), causes
        )
        self._recordings_failed = _labelled(
            counter(
                "relay_recordings_failed",
                "Recordings that could not be written, or not fast enough, or not deleted when they were old enough.",
                ["reason"],
            ),
            failures,
        )
        self._returns = _labelled(
            counter("relay_peer_returns", "Peers that came back to their session, by what became of it.", ["outcome"]),
            [outcome.value for outcome in Return],
        )
        self._tickets_refused = _labelled(
            counter(
                "relay_tickets_refused",
                "Tickets that were not made, by reason: a cause, or `request_invalid`.",
                ["reason"],
            ),
            (*NO_TICKET, REQUEST_INVALID),
        )
        self.quota_store_failures = counter(
            "relay_quota_store_failures",
            "Times that the shared store of quotas did not answer, and this process counted by itself.",
        )

    def _count_calls(self, gauge: Callable[..., Gauge], counter: Callable[..., Counter]) -> None:
        self.calls_open = gauge("relay_calls_open", "WebRTC calls that the relay answers itself and that are open now.")
        self._call_packets = counter(
            "relay_call_packets",
            "Packets of the sound of such calls' peers, by outcome, counted every five seconds.",
            ["outcome"],
        )
        for outcome in ("received", "lost"):
            self._call_packets.labels(outcome)
        self._call_sound = counter(
            "relay_call_sound_seconds",
            "Sound of such calls, counted every five seconds: `played` to peers, `concealed` where theirs was lost.",
            ["sort"],
        )
        for sort in ("played", "concealed"):
            self._call_sound.labels(sort)
        self._untruncated = counter("relay_call_truncations_refused",
            "Interrupted answers in such calls that the upstream would not end at what was heard.")  # fmt: skip
        self._media_lost = _labelled(
            counter(
                "relay_media_processes_lost",
                "Processes that held the media of calls (`webrtc.workers`) and `crashed`, or `hung` and were killed.",
                ["reason"],
            ), ("crashed", "hung"),
        )  # fmt: skip

    def _count_conversations(self, counter: Callable[..., Counter]) -> None:
        self._history_failures = counter(
            "relay_history_failures",
            "What was lost of kept conversations since the store failed: rows not written, conversations not read.",
            ["operation"],
        )
        for operation in ("read", "write"):
            self._history_failures.labels(operation)
        self._guarded = _labelled(
            counter("relay_guarded", "Events of peers that a guard changed, held or dropped, by guard.", ["guard"]),
            GUARDS,
        )
        self._muted = counter(
            "relay_muted_responses",
            "Answers that were asked for aloud and came as text alone, as after history in text.",
        )

    def _measure_times(self, histogram: Callable[..., PrometheusHistogram]) -> None:
        self.session_seconds = histogram(
            "relay_session_seconds", "How long sessions lasted.", buckets=(1, 5, 15, 60, 300, 900, 1800, 3600)
        )
        self.dial_seconds = histogram(
            "relay_dial_seconds", "How long the upstream took to open a connection.", buckets=_DIAL_BUCKETS_S
        )
        self.swap_seconds = histogram(
            "relay_swap_seconds",
            "How long a session was held up when another upstream took it over.",
            buckets=(0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.1),
        )
        self._call_jitter = histogram(
            "relay_call_jitter_seconds",
            "How unevenly the sound of such a call's peer comes, every five seconds.",
            buckets=(0.001, 0.005, 0.01, 0.02, 0.05, 0.1, 0.25),
        )
        self.loop_lag_seconds = histogram(
            "relay_loop_lag_seconds", "How late the event loop ran a timer, once a second.", buckets=_LAG_BUCKETS_S
        )

    async def _own_exposition(self) -> bytes:
        return generate_latest(self.registry)

    def count_end(self, how: Ended) -> None:
        """Count a session that ended."""
        self._ended.labels(how.cause.value).inc()

    def count_refusal(self, how: Ended) -> None:
        """Count a session that never began, among those that ended too."""
        self.count_end(how)
        self._refused.labels(how.cause.value).inc()

    def count_refused_ticket(self, how: Ended | None) -> None:
        """Count a ticket that was not made: since its caller may not have it, or since the request is wrong."""
        self._tickets_refused.labels(REQUEST_INVALID if how is None else how.cause.value).inc()

    def count_guarded(self, guard: str) -> None:
        """Count what a guard did with an event."""
        self._guarded.labels(guard).inc()

    def count_muted(self) -> None:
        """Count and log an answer in silence."""
        self._muted.inc()
        _log.warning("response.muted")

    def count_call(self, *, received: int, lost: int, jitter_s: float, concealed_s: float, played_s: float) -> None:
        """Count how the sound of a call went on, every few seconds."""
        self._call_packets.labels("received").inc(received)
        self._call_packets.labels("lost").inc(lost)
        self._call_sound.labels("concealed").inc(concealed_s)
        self._call_sound.labels("played").inc(played_s)
        if received:
            self._call_jitter.observe(jitter_s)

    def count_untruncated(self, code: str) -> None:
        """Count and log an interrupted answer that the upstream keeps as if all of it had been heard."""
        self._untruncated.inc()
        _log.warning("call.not_truncated", code=code)

    def count_lost_media(self, reason: str, **told: object) -> None:
        """Count and log a process of calls that is gone before its time."""
        self._media_lost.labels(reason).inc()
        _log.error("media.lost", reason=reason, **told)

    def count_succession(self, reason: Reason, *, had: bool) -> None:
        """Count an upstream that was succeeded, or could not be."""
        self._successions.labels(reason.value, "succeeded" if had else "failed").inc()

    def count_return(self, outcome: Return) -> None:
        """Count a peer that came back."""
        self._returns.labels(outcome.value).inc()

    def count_failed_history(self, operation: str, count: int, why: str) -> None:
        """Count and log what the history's store cost; may be called on any thread."""
        self._history_failures.labels(operation).inc(count)
        _log.warning("history.failed", operation=operation, count=count, why=why)

    def count_failed_recording(self, session_id: str, reason: Failure, why: str) -> None:
        """Count and log a recording that is not whole, or not gone; may be called on any thread."""
        self._recordings_failed.labels(reason).inc()
        _log.warning("recording.failed", session_id=session_id, reason=reason, why=why)


class _TallyCollector(Collector):
    def __init__(self, tally: Tally) -> None:
        self._tally = tally

    def collect(self) -> Iterable[Metric]:
        events = CounterMetricFamily(
            "relay_events", "Messages that arrived, by direction and event type.", labels=["direction", "type"]
        )
        octets = CounterMetricFamily(
            "relay_event_bytes", "Their bytes, without frame headers.", labels=["direction", "type"]
        )
        added = HistogramMetricFamily(
            "relay_added_seconds",
            "From a message's arrival at one socket until it was handed to the other, by direction.",
            labels=["direction"],
        )
        for name, direction in self._directions():
            for kind, (count, size) in direction.totals().items():
                events.add_metric([name, kind], count)
                octets.add_metric([name, kind], size)
            added.add_metric([name], *_buckets(direction.added()))
        first_audio = HistogramMetricFamily(
            "relay_first_audio_seconds", "From the end of speech to the first audio of the answer, as both pass."
        )
        first_audio.add_metric([], *_buckets(self._tally.first_audio_s))
        return events, octets, added, first_audio, *self._costs(), *self._stages()

    def _costs(self) -> Iterable[Metric]:
        costs = self._tally.costs
        usd = CounterMetricFamily("relay_cost_usd", "What sessions cost, by model.", labels=["model"])
        for model, amount in costs.usd.items():
            usd.add_metric([model], float(amount))
        tokens = CounterMetricFamily("relay_tokens", "Tokens used, by model and kind.", labels=["model", "kind"])
        for (model, kind), count in costs.tokens.items():
            tokens.add_metric([model, kind], count)
        seconds = CounterMetricFamily("relay_billed_seconds", "Audio billed by time, by model.", labels=["model"])
        for model, length in costs.seconds.items():
            seconds.add_metric([model], float(length))
        characters = CounterMetricFamily(
            "relay_billed_characters", "Characters that a cascade's services spoke, by model.", labels=["model"]
        )
        for model, count in costs.characters.items():
            characters.add_metric([model], count)
        unbilled = CounterMetricFamily(
            "relay_responses_unbilled",
            "Responses that nobody said the cost of: the session ended, a Live session delegated them, no usage came.",
        )
        unbilled.add_metric([], costs.unbilled)
        return usd, tokens, seconds, characters, unbilled

    def _stages(self) -> Iterable[Metric]:
        stages = self._tally.stages
        seconds = HistogramMetricFamily(
            "relay_stage_seconds",
            "What the stages of a cascade's answers took: until the turn was over, to hear, think, speak; and in all.",
            labels=["stage"],
        )
        for stage, histogram in stages.seconds.items():
            seconds.add_metric([stage], *_buckets(histogram))
        ahead = CounterMetricFamily(
            "relay_answers_ahead",
            "Answers that a cascade began before a turn was over, by what became of them.",
            labels=["outcome"],
        )
        for outcome, count in stages.ahead.items():
            ahead.add_metric([outcome], count)
        failures = CounterMetricFamily(
            "relay_stage_failures",
            "What went wrong with a cascade's services, by stage and fault, before it was tried again or given up.",
            labels=["stage", "fault"],
        )
        for (stage, fault), count in stages.failures().items():
            failures.add_metric([stage, fault], count)
        return seconds, ahead, failures

    def _directions(self) -> Iterator[tuple[str, Direction]]:
        yield "up", self._tally.up
        yield "down", self._tally.down


def _labelled(counter: Counter, values: Iterable[str]) -> Counter:
    """The counter with a series for each value of its label, so that a first count is an increase."""
    for value in values:
        counter.labels(value)
    return counter


def _buckets(histogram: Histogram) -> tuple[list[tuple[str, float]], float]:
    total = 0
    buckets = []
    for bound, count in zip((*histogram.bounds, float("inf")), histogram.counts, strict=True):
        total += count
        buckets.append(("+Inf" if bound == float("inf") else str(bound), float(total)))
    return buckets, histogram.sum
