"""One session's orders, each a task, and where their results go."""

import asyncio
from collections.abc import AsyncGenerator, Callable, Coroutine
from contextlib import aclosing
from dataclasses import replace
from functools import partial

import structlog

from relay.cascade.ears.smart_turn import SmartTurn
from relay.cascade.orders import (
    LAST,
    Cancel,
    Failed,
    Fault,
    Hear,
    Heard,
    HearMore,
    Judge,
    Judged,
    Order,
    Result,
    Speak,
    Stage,
    StageUsage,
    Think,
)
from relay.cascade.services.asking import Http
from relay.cascade.services.attempts import AskService, Attempts
from relay.cascade.services.dialling import Dial, dial_with
from relay.cascade.services.hearing import hear_file
from relay.cascade.services.reading import RealtimeVoice
from relay.cascade.services.responses import think_responses
from relay.cascade.services.sessions import TranscriptionSession
from relay.cascade.services.speaking import speak
from relay.cascade.services.thinking import think_chat
from relay.cascade.services.turns import Turn
from relay.cascade.services.usage import seconds_of
from relay.cascade.services.vllm import hear_vllm
from relay.config.cascade import Address, Cascade
from relay.engine.audio import is_audible
from relay.legs.target import DialOptions

_log = structlog.stdlib.get_logger("relay")


class Stages:
    """The ways to the services of one cascade, for all sessions of the process.

    Args:
        options: bounds the WebSockets.

    Attributes:
        judge: says by its sound whether a turn is over, and takes its time; None where there is no model for it.
        judging: lets one turn at a time be judged, so that one core at most is busy with it.

    Raises:
        ImportError, ValueError: Smart Turn was asked for and cannot be loaded.
    """

    def __init__(self, cascade: Cascade, http: Http, options: DialOptions) -> None:
        self.cascade = cascade
        self.http = http
        self.dial: Dial = dial_with(options)
        self.hear = Attempts(Stage.HEAR, cascade.hear)
        self.think = Attempts(Stage.THINK, cascade.think)
        self.speak = Attempts(Stage.SPEAK, cascade.speak)
        self.judge = None if cascade.smart_turn is None else SmartTurn(cascade.smart_turn).judge
        self.judging = asyncio.Semaphore(1)


class Services:
    """Carries out the orders of one session, on the running event loop.

    Args:
        tell: called with each result, never from within `give`.
    """

    def __init__(self, stages: Stages, tell: Callable[[Result], None]) -> None:
        self._stages = stages
        self._tell = tell
        self._tasks: dict[int, asyncio.Task[None]] = {}
        self._turns: dict[int, Turn] = {}
        self._sessions: dict[str, TranscriptionSession] = {}
        self._voices: dict[str, RealtimeVoice] = {}

    def give(self, order: Order) -> None:
        """Take an order. It never waits."""
        match order:
            case Hear():
                turn = self._turns[order.number] = Turn(order.pcm, is_whole=order.is_whole)
                self._start(order.number, Stage.HEAR, self._hear(order, turn))
            case HearMore():
                if turn_ := self._turns.get(order.number):
                    turn_.add(order.pcm, is_last=order.is_last)
            case Think():
                ask = partial(self._think, order)
                self._start(order.number, Stage.THINK, self._carry_out(self._stages.think, order.number, ask))
            case Speak():
                ask = partial(self._speak, order)
                self._start(order.number, Stage.SPEAK, self._carry_out(self._stages.speak, order.number, ask))
            case Judge():
                self._start(order.number, Stage.HEAR, self._judge(order))
            case Cancel():
                self._turns.pop(order.number, None)
                if task := self._tasks.pop(order.number, None):
                    task.cancel()

    async def close(self) -> None:
        """Cancel all orders and close what is the session's own."""
        tasks, self._tasks = list(self._tasks.values()), {}
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        for session in self._sessions.values():
            await session.close()
        for voice in self._voices.values():
            await voice.close()

    def _start(self, number: int, stage: Stage, carrying_out: Coroutine[None, None, None]) -> None:
        task = asyncio.create_task(carrying_out)
        self._tasks[number] = task
        task.add_done_callback(partial(self._done, number, stage))

    def _done(self, number: int, stage: Stage, task: asyncio.Task[None]) -> None:
        """An order is over; where it is over by a fault of the relay's own, the session is told like of any other."""
        if self._tasks.get(number) is task and not task.cancelled() and (failure := task.exception()) is not None:
            _log.error("cascade.order_failed", stage=stage.value, exc_info=failure)
            self._told(Failed(number, stage, Fault.BROKEN, "the relay itself failed; its log says how"))
        if self._tasks.get(number) is task:
            del self._tasks[number]
        self._turns.pop(number, None)

    def _told(self, result: Result) -> None:
        """Pass on a result, unless its order was cancelled or is over."""
        if result.number not in self._tasks:
            return
        if isinstance(result, LAST):
            del self._tasks[result.number]
        self._tell(result)

    async def _carry_out(self, attempts: Attempts, number: int, ask: AskService, turn: Turn | None = None) -> None:
        await attempts.carry_out(number, ask, self._told, turn)

    async def _hear(self, order: Hear, turn: Turn) -> None:
        cascade = self._stages.cascade
        if all(address.kind == "file" for address in cascade.hear.addresses) or turn.is_whole:
            pcm = await turn.until_whole()
            if 1000 * seconds_of(len(pcm)) < cascade.least_ms or not is_audible(pcm):
                self._told(Heard(order.number, "", StageUsage(cascade.hear.addresses[0].model)))
                return
        await self._carry_out(self._stages.hear, order.number, partial(self._hear_at, order, turn), turn)

    def _hear_at(self, order: Hear, turn: Turn, address: Address) -> AsyncGenerator[Result, None]:
        if address.kind == "session":
            session = self._sessions.get(address.url)
            if session is None:
                session = self._sessions[address.url] = TranscriptionSession(self._stages.dial, address)
            results = session.hear(order.number, turn, order.language, order.prompt)
        elif address.kind == "vllm":
            results = hear_vllm(self._stages.dial, address, order.number, turn)
        else:
            results = hear_file(self._stages.http, address, order.number, turn, order.language, order.prompt)
        return only_words(results)

    async def _judge(self, order: Judge) -> None:
        judge, likelihood = self._stages.judge, None
        if judge is not None:
            async with self._stages.judging:
                likelihood = await asyncio.to_thread(judge, order.pcm)
        self._told(Judged(order.number, likelihood))

    def _think(self, order: Think, address: Address) -> AsyncGenerator[Result, None]:
        way = think_responses if address.kind == "responses" else think_chat
        return way(self._stages.http, address, order)

    def _speak(self, order: Speak, address: Address) -> AsyncGenerator[Result, None]:
        if address.kind == "realtime":
            voice = self._voices.get(address.url)
            if voice is None:
                voice = self._voices[address.url] = RealtimeVoice(self._stages.dial, address)
            return voice.speak(order)
        return speak(self._stages.http, address, order)


async def only_words(results: AsyncGenerator[Result, None]) -> AsyncGenerator[Result, None]:
    """The same, with nothing heard where what was heard has neither a letter nor a digit in it."""
    async with aclosing(results):
        async for result in results:
            is_empty = isinstance(result, Heard) and not any(map(str.isalnum, result.text))
            yield replace(result, text="") if isinstance(result, Heard) and is_empty else result
