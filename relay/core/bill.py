"""What a session's responses, transcripts and time cost, summed as they are known."""

from collections.abc import Mapping
from dataclasses import replace
from decimal import Decimal
from typing import Any

from relay.core.prices import MILLION, Price, Prices
from relay.core.tally import Costs
from relay.core.usage import ZERO, Usage, read_number, read_stage, read_usage

GUESSED_OUTPUT_TOKENS = 4096
"""How much is taken to have been said where a usage cannot be understood: more than three minutes of speech."""

GUESSED_TRANSCRIPT = Usage({}, Decimal(60))
"""What is taken to have been transcribed where a usage cannot be understood: a long turn."""

CHARS_PER_TOKEN = 4
"""Of text."""

BYTES_PER_TOKEN = 3200
"""Of what comes of an answer: PCM16 at 24 kHz in base64."""


class Bill:
    """Sums one session's cost, and says what an answer is likely to add to it.

    Args:
        prices: by model.
        model: what the session was dialled for, until the upstream says what it is.
        costs: where all of it is counted besides.

    Attributes:
        spent_usd: so far.
        bounds_hold: whether no answer has cost more than it was bounded to.
    """

    def __init__(self, prices: Prices, model: str | None, costs: Costs) -> None:
        self.spent_usd = ZERO
        self.bounds_hold = True
        self._prices = prices
        self._model = model or ""
        self._transcriber = ""
        self._costs = costs
        self._billed_s = ZERO
        self._most_output_tokens: Any = None
        self._modalities: Any = None
        self._dearest_usd = ZERO
        self._dearest_input_usd = ZERO
        self._dearest_transcript_usd = ZERO

    def learn(self, session: Any) -> None:
        """Note which models are at work, and how much they may say: the upstream may serve others than asked for."""
        if not isinstance(session, Mapping):
            return
        if isinstance(model := session.get("model"), str):
            self._model = model
        self._most_output_tokens = session.get("max_output_tokens", self._most_output_tokens)
        self._modalities = session.get("output_modalities", self._modalities)
        found: Any = session
        for key in ("audio", "input"):
            found = found.get(key) if isinstance(found, Mapping) else None
        if isinstance(found, Mapping) and "transcription" in found:
            transcription = found["transcription"]
            model = transcription.get("model") if isinstance(transcription, Mapping) else ""
            self._transcriber = model if isinstance(model, str) else self._transcriber

    def likely_usd(self, response: Any = None, unread_chars: int = 0) -> Decimal:
        """What an answer is likely to cost: all that it may say, else what the dearest did; and what it reads.

        Before there was one, it is all that the model can say. Where an upstream does not keep to a bound, the dearest
        counts beside it.

        Args:
            response: what was asked for.
            unread_chars: what the peer has said since the last answer, which the next one has to read.
        """
        asked = response if isinstance(response, Mapping) else {}
        bound = asked.get("max_output_tokens")
        modalities = asked.get("output_modalities") or self._modalities
        said = self._price.text_output if modalities == ["text"] else self._price.output
        most = read_number(self._most_output_tokens if bound is None else bound)
        read_usd = self._price.text_input * (unread_chars // CHARS_PER_TOKEN) / MILLION
        if most is not None:
            bounded = said * most / MILLION + self._dearest_input_usd + read_usd
            return bounded if self.bounds_hold else max(bounded, self._dearest_usd)
        return (self._dearest_usd or said * self._price.most_output_tokens / MILLION) + read_usd

    def partly_usd(self, heard_bytes: int) -> Decimal:
        """What an answer is likely to have cost that was cut off after so many bytes: its sound, and what it read."""
        return self._output_usd(heard_bytes // BYTES_PER_TOKEN) + self._dearest_input_usd

    def responded(self, done: Mapping[str, Any]) -> Decimal:
        """Add a response that is done, by its `response.done`; returns what it cost.

        The API has the usage in the response, xAI beside an empty one, and a cascade in it that of each service.
        """
        response = done.get("response")
        said = response.get("usage") if isinstance(response, Mapping) else None
        if isinstance(said, Mapping) and isinstance(stages := said.get("stages"), Mapping) and stages:
            return self._staged(stages)
        within = read_usage(said)
        beside = self._since_last(read_usage(done.get("usage")))
        usage = max(within, beside, key=lambda usage: (usage.is_given, not usage.is_clear, self._price.of(usage)))
        if not usage.is_given:
            self._costs.unbilled += 1
            return ZERO
        guess = ZERO if usage.is_clear else max(self._output_usd(GUESSED_OUTPUT_TOKENS), self._dearest_usd)
        usd = self._add(self._model, usage, least=guess)
        inputs = {kind: count for kind, count in usage.tokens.items() if not kind.endswith("_output")}
        self._dearest_usd = max(self._dearest_usd, usd)
        self._dearest_input_usd = max(self._dearest_input_usd, self._price.of(Usage(inputs)))
        return usd

    def transcribed(self, usage: Any) -> Decimal:
        """Add a transcript; returns what it cost. A cascade says in the usage who has made it."""
        named = usage.get("model") if isinstance(usage, Mapping) else None
        model, read = named if isinstance(named, str) else self._transcriber or self._model, read_usage(usage)
        usd = self._add(model, read, ZERO if read.is_clear else self._prices.of(model).of(GUESSED_TRANSCRIPT))
        self._dearest_transcript_usd = max(self._dearest_transcript_usd, usd)
        return usd

    def likely_transcript_usd(self, speech_ms: Decimal | None) -> Decimal:
        """What a transcript of so much speech is likely to cost, else the dearest so far; 0 where none is made."""
        if not self._transcriber:
            return ZERO
        if speech_ms is None:
            return self._dearest_transcript_usd or self._prices.of(self._transcriber).of(GUESSED_TRANSCRIPT)
        return self._prices.of(self._transcriber).of(Usage({}, max(speech_ms, ZERO) / 1000))

    def lasted(self, seconds: Decimal) -> Decimal:
        """Add time that is billed as such; returns what it cost."""
        return self._add(self._model, Usage({}, seconds))

    @property
    def _price(self) -> Price:
        return self._prices.of(self._model)

    def _output_usd(self, tokens: int | Decimal) -> Decimal:
        return self._price.output * tokens / MILLION

    def _staged(self, stages: Mapping[str, Any]) -> Decimal:
        """Add what each service of a cascade used for a response, at its own model's price."""
        total = ZERO
        for stage in stages.values():
            if isinstance(stage, Mapping):
                named = stage.get("model")
                total += self._add(named if isinstance(named, str) else self._model, read_stage(stage))
        self._dearest_usd = max(self._dearest_usd, total)
        return total

    def _since_last(self, usage: Usage) -> Usage:
        """The usage with the seconds that were billed for it, where the provider tells a sum of the session.

        A sum that has not grown was none, or has begun anew.
        """
        if usage.billed_s is None:
            return usage
        new = usage.billed_s - self._billed_s if usage.billed_s > self._billed_s else ZERO
        if usage.billed_s < self._billed_s or not (new or usage.seconds):
            new = usage.billed_s
        self._billed_s = usage.billed_s
        return replace(usage, seconds=max(new, usage.seconds))

    def _add(self, model: str, usage: Usage, least: Decimal = ZERO) -> Decimal:
        usd = max(self._prices.of(model).of(usage), least)
        self._costs.add(self._prices.named(model), usage, usd)
        self.spent_usd += usd
        return usd
