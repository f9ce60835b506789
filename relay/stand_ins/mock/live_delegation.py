"""What a Live session hands to others: to the application, to a Responses backend, or to the Decision API.

Where its delegation is written down, the mock delegates every turn that it hears, and meanwhile says a clip as its
acknowledgement. A session without one is the application's too, and the mock then has no need of help.
"""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from relay.engine.errors import Fault, Refused
from relay.engine.events import Event, event, new_id
from relay.engine.items import Item
from relay.engine.schedule import Pause, Running, Schedule, Script
from relay.stand_ins.mock.live_backend import ResponsesBackend
from relay.stand_ins.mock.live_decisions import Decisions
from relay.stand_ins.mock.pace import Pace
from relay.stand_ins.mock.voice import Utterance, Voice

MAX_KNOWN = 1000
"""Ids that are remembered; beyond them the oldest is forgotten."""

DEFAULT_DELAYS_MS = {"client": 0, "responses": 0, "decisions": 400}
Fields = dict[str, Any]


class Delegation:
    """Who helps a Live session, and what is under way with them.

    Args:
        schedule: what plays the responses and the acknowledgements.
        pace: how fast.
        say: says something aloud.
        acknowledge: says a clip.
        unix_offset: what the clock of `now` lacks to be Unix time.
    """

    def __init__(
        self,
        schedule: Schedule,
        pace: Pace,
        say: Callable[[Utterance], None],
        acknowledge: Callable[[], None],
        unix_offset: float,
    ) -> None:
        self._schedule = schedule
        self._say = say
        self._acknowledge = acknowledge
        self._backend = ResponsesBackend(schedule, pace, say, unix_offset)
        self._decisions = Decisions()
        self._voice = Voice()
        self._fields: Fields = {}
        self._known: dict[str, None] = {}
        self._acknowledging: list[Running] = []
        self._used_event_ids: dict[str, None] = {}

    def configure(self, session: Mapping[str, Any]) -> None:
        """Take over the session's fields, once it starts and whenever they change."""
        self._fields = dict(session)

    @property
    def _given(self) -> Fields | None:
        return self._fields.get("delegation")

    def _require(self, owner: str, kind: str) -> Fields:
        """The settings of this owner.

        Raises:
            Refused: the session delegates to another; `kind` is what was wanted of it.
        """
        if self._given is None or self._given["type"] != owner:
            raise Refused(Fault.NO_DELEGATION, kind=kind)
        settings: Fields = self._given[owner]
        return settings

    def turn(self, heard: str, offset_ms: int, now: float) -> Iterator[Event]:
        """Hand over a turn that was heard, and return what is to be told of that; nothing where nobody is to help."""
        if self._given is None:
            return
        owner, delegation_id = self._given["type"], new_id("deleg")
        told = {"id": delegation_id, "type": "delegation", "target": owner}
        if owner == "responses":
            self._backend.add({"role": "user", "content": heard})
            told["response_id"] = self._backend.respond(self._given[owner], now, delegation_id=delegation_id)
        _remember(self._known, delegation_id)
        delay_ms = self._given.get("acknowledgement_delay_ms")
        delay_s = (DEFAULT_DELAYS_MS[owner] if delay_ms is None else delay_ms) / 1000
        self._acknowledging.append(self._schedule.start(self._after(delay_s), now))
        yield event("session.delegation.created", delegation=told, offset_ms=offset_ms)
        if owner == "decisions":
            settings = self._given[owner]
            yield self._decisions.decide(settings["model"], settings["questions"], heard, delegation_id=delegation_id)

    def _after(self, delay_s: float) -> Script:
        yield Pause(delay_s)
        self._acknowledge()

    def keep_quiet(self) -> None:
        """Acknowledge nothing more of what has been delegated so far."""
        for running in self._acknowledging:
            self._schedule.stop(running)
        self._acknowledging.clear()

    def note(self, parsed: Event) -> None:
        """Take in what the application appends, and say what is for the user's ears.

        Raises:
            Refused: it is for a delegation that there is not, or that is not the application's.
        """
        delegation_id = parsed.get("delegation_id")
        if delegation_id is not None:
            is_responses = self._given is not None and self._given["type"] == "responses"
            if is_responses or delegation_id not in self._known:
                raise Refused(Fault.DELEGATION_UNKNOWN, delegation_id=delegation_id)
        if parsed["type"] != "session.instructions.append":
            self.keep_quiet()
        if parsed["type"] == "session.commentary.append":
            reported = Item.make("function_call_output", output=parsed["content"])
            self._say(self._voice.answer([reported], "", aloud=True))

    def add_item(self, parsed: Event, now: float) -> Iterator[Event]:
        """Append to what the backend reads, which nobody acknowledges."""
        self._require("responses", parsed["type"])
        self._backend.add(parsed["item"])
        return iter(())

    def respond(self, parsed: Event, now: float) -> Iterator[Event]:
        """Have the backend answer."""
        self._backend.respond(self._require("responses", parsed["type"]), now, **_answering(parsed))
        return iter(())

    def add_decision_item(self, parsed: Event, now: float) -> Iterator[Event]:
        """Append to what decisions are made from."""
        if not self._fields.get("triggers"):
            self._require("decisions", parsed["type"])
        yield event("decision.item.created", item=self._decisions.add(parsed["item"]), **_answering(parsed))

    def delete_decision_item(self, parsed: Event, now: float) -> Iterator[Event]:
        """Take an item away from what decisions are made from."""
        self._decisions.delete(parsed["item_id"])
        yield event("decision.item.deleted", item_id=parsed["item_id"], **_answering(parsed))

    def decide(self, parsed: Event, now: float) -> Iterator[Event]:
        """Answer the session's questions now."""
        settings = self._require("decisions", parsed["type"])
        if parsed["event_id"] in self._used_event_ids:
            raise Refused(Fault.EVENT_ID_USED, event_id=parsed["event_id"])
        _remember(self._used_event_ids, parsed["event_id"])
        yield self._decisions.decide(settings["model"], settings["questions"], "")

    def triggered(self, delta: Event) -> Iterator[Event]:
        """The decisions that this piece of a transcript brings about."""
        for trigger in self._fields.get("triggers") or ():
            if trigger["event_type"] == delta["type"]:
                source = {"source_event_id": delta["event_id"], "source_event_type": delta["type"]}
                yield self._decisions.decide(
                    self._fields["model"],
                    trigger["decisions"]["questions"],
                    delta["delta"],
                    trigger_id=new_id("trig"),
                    **source,
                )


def updated(old: Fields | None, new: Fields | None) -> Fields | None:
    """A delegation after an update, in which what is left out stays as it was.

    Raises:
        Refused: the update is for another owner.
    """
    if new is None:
        return old
    owner = old["type"] if old else "client"
    if new["type"] != owner:
        raise Refused(Fault.DELEGATION_OWNER, given=new["type"], owner=owner)
    merged = {**(old or {}), **_said(new)}
    if old and owner in old and isinstance(new.get(owner), dict):
        merged[owner] = {**old[owner], **_said(new[owner])}
    return merged


def _remember(ids: dict[str, None], new: str) -> None:
    ids[new] = None
    if len(ids) > MAX_KNOWN:
        del ids[next(iter(ids))]


def _said(given: Fields) -> Fields:
    return {name: value for name, value in given.items() if value is not None}


def _answering(parsed: Event) -> dict[str, str]:
    """Which of the client's events something answers, where that had an id."""
    return {"client_event_id": parsed["event_id"]} if parsed.get("event_id") else {}
