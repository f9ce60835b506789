"""The responses of one session: which are in progress, what they say, and how they are cut short."""

from collections.abc import Callable, Iterator
from typing import Any

from relay.engine.errors import Fault, Refused
from relay.engine.events import Event
from relay.engine.items import Conversation, Item
from relay.engine.mind import CLIENT_CANCELLED, TURN_DETECTED, Ending, Mind, Request
from relay.engine.realtime_session import RealtimeSession
from relay.engine.responses import Response
from relay.engine.schedule import Running, Schedule, Script

MAX_RESPONSES = 16


class Answering:
    """Starts responses, and ends them when asked to.

    Of the responses that belong to the conversation one at most is in progress; those out of band run beside it,
    `MAX_RESPONSES` in all.

    Args:
        session: whose settings a response has, where its request has none.
        conversation: what a response reads, and where its output goes.
        schedule: what plays the responses.
        mind: what answers.
        on_done: called behind each `response.done`.
    """

    def __init__(
        self,
        session: RealtimeSession,
        conversation: Conversation,
        schedule: Schedule,
        mind: Mind,
        on_done: Callable[[Response], None],
    ) -> None:
        self._session = session
        self._conversation = conversation
        self._schedule = schedule
        self._mind = mind
        self._on_done = on_done
        self._active: Response | None = None
        self._running: dict[str, tuple[Response, Running]] = {}

    @property
    def active(self) -> Response | None:
        """The response of the conversation that is in progress."""
        return self._active if self._active and self._active.in_progress else None

    def create(self, params: dict[str, Any], now: float) -> None:
        """Start a response.

        Args:
            params: the `response` of a checked `response.create`; empty for one that a turn has triggered.
            now: when it starts.

        Raises:
            Refused: one is in progress already, or too many are, or its input cannot be used.
        """
        out_of_band = params.get("conversation") == "none"
        if self.active and not out_of_band:
            raise Refused(Fault.RESPONSE_ACTIVE, response_id=self.active.id)
        if len(self._running) >= MAX_RESPONSES:
            raise Refused(Fault.TOO_MANY_RESPONSES, limit=MAX_RESPONSES)
        request = self._request(params, None if out_of_band else self._conversation)
        response = Response(request, self._mind.respond(request))
        if not out_of_band:
            self._active = response
        self._running[response.id] = (response, self._schedule.start(self._play(response), now))

    def end(self) -> None:
        """Let go of all responses, and of who is told when they are done."""
        self._active = None
        self._running.clear()
        self._on_done = lambda _: None

    def draft(self) -> Request:
        """What a response would be that a turn triggered now."""
        return self._request({}, self._conversation)

    def cancel(self, response_id: str | None) -> Iterator[Event]:
        """End the response with this id, or the active one, as the client asked: these are its last events.

        Raises:
            Refused: no such response is in progress.
        """
        response = self.active
        if response_id is not None:
            response = next((one for one, _ in self._running.values() if one.id == response_id), None)
        if response is None or not response.in_progress:
            raise Refused(Fault.CANCEL_NOT_ACTIVE)
        return self._end(response, CLIENT_CANCELLED)

    def interrupt(self) -> Iterator[Event]:
        """End the active response, if there is one, since somebody has begun to speak: these are its last events."""
        return self._end(self.active, TURN_DETECTED) if self.active else iter(())

    def _end(self, response: Response, ending: Ending) -> Iterator[Event]:
        response.stop(ending)
        return self._schedule.rush(self._running[response.id][1])

    def _play(self, response: Response) -> Script:
        yield from response.script()
        del self._running[response.id]
        self._on_done(response)

    def _request(self, params: dict[str, Any], conversation: Conversation | None) -> Request:
        session, speaking = self._session, self._session.speaking
        given = params.get("instructions")  # null is as good as none
        output = params.get("audio", {}).get("output", {})
        return Request(
            conversation=conversation,
            context=self._context(params),
            instructions=session["instructions"] if given is None else given,
            tools=params.get("tools", session["tools"]),
            tool_choice=params.get("tool_choice", session["tool_choice"]),
            aloud=params.get("output_modalities", session["output_modalities"]) == ["audio"],
            audio_format=output.get("format", speaking["format"]),
            voice=output.get("voice", speaking["voice"]),
            speed=speaking["speed"],
            max_output_tokens=params.get("max_output_tokens", session["max_output_tokens"]),
            metadata=params.get("metadata"),
            params=params,
        )

    def _context(self, params: dict[str, Any]) -> list[Item]:
        """What the response reads: the conversation, unless it was given something else."""
        if "input" not in params:
            return list(self._conversation)
        return [self._input_item(given) for given in params["input"]]

    def _input_item(self, given: dict[str, Any]) -> Item:
        if given["type"] == "item_reference":
            return self._conversation.find(given["id"], Fault.REFERENCE_NOT_FOUND)
        return Item.from_client(given, self._session.hearing["format"])
