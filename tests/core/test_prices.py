import tomllib
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any, get_args

import pytest
from openai.types.realtime import AudioTranscription, RealtimeSessionCreateRequest

from relay.config.limits import read_prices
from relay.core.prices import Price, Prices
from relay.core.usage import read_usage

REALTIME = Price(*map(Decimal, ("4", "0.40", "24", "32", "0.40", "64", "5", "0.50")))
WHISPER = Price(minute=Decimal("0.017"))
PRICES = Prices({"gpt-realtime": REALTIME, "whisper": WHISPER})

RESPONSE = {
    "total_tokens": 253, "input_tokens": 132, "output_tokens": 121,
    "input_token_details": {
        "text_tokens": 119, "audio_tokens": 13, "image_tokens": 0, "cached_tokens": 64,
        "cached_tokens_details": {"text_tokens": 64, "audio_tokens": 0, "image_tokens": 0},
    },
    "output_token_details": {"text_tokens": 30, "audio_tokens": 91},
}  # fmt: skip


@pytest.mark.parametrize(
    ("usage", "tokens"),
    [
        (RESPONSE, {"text_input": 55, "text_cached": 64, "audio_input": 13, "text_output": 30, "audio_output": 91}),
        (
            {"input_tokens_details": {"image_tokens": 9}, "output_tokens_details": {"text_tokens": 2}},
            {"image_input": 9, "text_output": 2},
        ),
        ({"input_tokens": 10, "output_tokens": 5}, {"audio_input": 10, "audio_output": 5}),
        (
            {"type": "tokens", "input_tokens": 13, "input_token_details": {"audio_tokens": 13}, "output_tokens": 9},
            {"audio_input": 13, "text_output": 9},
        ),
        (
            {"input_token_details": {"text_tokens": 5, "cached_tokens_details": {"text_tokens": 50}}},
            {"text_cached": 5},
        ),
        (
            {"input_token_details": {"text_tokens": 100, "audio_tokens": 13, "cached_tokens": 64}},
            {"text_input": 36, "text_cached": 64, "audio_input": 13},
        ),
        (
            {"input_token_details": {"text_tokens": 50, "image_tokens": 9, "audio_tokens": 13, "cached_tokens": 64}},
            {"text_cached": 50, "image_cached": 9, "audio_input": 8, "audio_cached": 5},
        ),
        (
            {"input_tokens": 100, "input_token_details": {"cached_tokens": 40}},
            {"audio_input": 60, "audio_cached": 40},
        ),
        (
            {
                "input_token_details": {
                    "text_tokens": 9,
                    "audio_tokens": 9,
                    "cached_tokens": 12,
                    "cached_tokens_details": {"audio_tokens": 5},
                }
            },
            {"text_input": 2, "text_cached": 7, "audio_input": 4, "audio_cached": 5},
        ),
        ({"input_token_details": {"text_tokens": 9, "cached_tokens": 99}}, {"text_cached": 9}),
        ({"total_tokens": 7}, {"audio_output": 7}),
        ({"total_tokens": 17, "input_tokens": 10}, {"audio_input": 10, "audio_output": 7}),
        ({"prompt_tokens": 10, "completion_tokens": 5}, {"audio_input": 10, "audio_output": 5}),
        (
            {"prompt_tokens_details": {"text_tokens": 3}, "completion_tokens_details": {"text_tokens": 2}},
            {"text_input": 3, "text_output": 2},
        ),
        ({"input_token_details": None, "output_token_details": []}, {}),
        (None, {}),
        ("free", {}),
    ],
)
def test_tokens_are_counted_by_kind(usage, tokens) -> None:
    """Cached tokens are not counted twice, nor as dearer ones than they need be; a sum without modalities is audio."""
    assert read_usage(usage).tokens == tokens


def test_a_duration_is_billed_by_the_second() -> None:
    """Models that bill by time cost a sixtieth of their minute for each second."""
    usage = read_usage({"type": "duration", "seconds": 1.8})
    assert PRICES.of("whisper").of(usage) == Decimal("0.017") * Decimal("1.8") / 60


def test_a_response_costs_the_sum_of_its_kinds() -> None:
    """Each kind of token has its own price, and nothing is rounded."""
    expected = Decimal("55") * 4 + Decimal("64") * Decimal("0.40") + 13 * 32 + 30 * 24 + 91 * 64
    assert PRICES.of("gpt-realtime").of(read_usage(RESPONSE)) == expected / 1_000_000


@pytest.mark.parametrize(
    ("model", "name"),
    [("gpt-realtime", "gpt-realtime"), ("gpt-realtime-2025-08-28", "gpt-realtime"), ("gpt-realtime-9", None)],
)
def test_a_dated_model_has_the_price_of_the_undated_one(model, name) -> None:
    """A name with a date is looked up without it; another name has no price."""
    assert PRICES.named(model) == name


def test_an_unknown_model_costs_what_the_dearest_does() -> None:
    """So a budget holds for models that came after the price table."""
    assert PRICES.of("new") == Price(*map(Decimal, ("4", "0.40", "24", "32", "0.40", "64", "5", "0.50", "0.017")))
    assert Prices({}).of("new") == Price()


SHIPPED = tomllib.loads(Path("relay/config/prices.toml").read_text())
LISTED = {
    "gpt-4o-transcribe-diarize", "gpt-live-1", "gpt-live-1.1", "gpt-realtime-translate", "gpt-realtime-1.5-2026-02-23",
    "gpt-realtime-mini-2025-10-06", "gpt-4o-mini-realtime-preview-2024-12-17",
}  # fmt: skip
"""What the SDK's types do not list, or only as any string."""


def names_in(*types: Any) -> set[str]:
    """All names in these types, which are unions of literals and `str`."""
    return {
        name for kind in types for part in get_args(kind) for name in (get_args(part) or (part,)) if type(name) is str
    }


def test_every_model_that_the_sdk_knows_has_a_price() -> None:
    """The API's models for speech and transcription are in the table, with the day of their price.

    Those of the Chat Completions, which the types list beside them, are not.
    """
    sdk = names_in(
        RealtimeSessionCreateRequest.model_fields["model"].annotation,
        AudioTranscription.model_fields["model"].annotation,
    )
    assert {"gpt-4o-realtime-preview-2024-10-01", "whisper-1"} <= sdk
    prices = read_prices({})
    assert {name for name in sdk | LISTED if prices.named(name) is None and not name.startswith("gpt-audio")} == set()
    assert all(isinstance(table["as_of"], date) for table in SHIPPED.values())


def test_the_first_preview_is_the_dearest() -> None:
    """A model without a price costs what the dearest does in each modality, which is the first of 2024 for sound."""
    prices = read_prices({})
    unknown, first = prices.of("new"), prices.of("gpt-4o-realtime-preview-2024-10-01")
    assert (unknown.audio_input, unknown.audio_cached) == (first.audio_input, first.audio_cached)
    assert unknown.audio_output == first.audio_output > prices.of("gpt-4o-realtime-preview-2025-06-03").audio_output
    assert unknown.text_output == prices.of("gpt-realtime-2.1").text_output
    assert unknown.minute == prices.of("gpt-live-1").minute


def test_what_a_price_does_not_say_is_not_free() -> None:
    """Cached tokens without a price cost what fresh ones do, sound and images what text does."""
    price = read_prices({"mine": {"text_input": 2, "text_output": 3}}).of("mine")
    assert price == Price(*map(Decimal, ("2", "2", "3", "2", "2", "3", "2", "2")))


@pytest.mark.parametrize(
    ("price", "usage", "usd"),
    [
        (WHISPER, {"type": "tokens", "input_tokens": 100, "output_tokens": 20}, Decimal("0.017") * 12 / 60),
        (REALTIME, {"type": "duration", "seconds": 10}, Decimal("0.0128")),
        (Price(), {"type": "duration", "seconds": 10}, 0),
        (Price(), {"input_tokens": 100}, 0),
    ],
)
def test_a_price_in_another_unit_than_the_usage(price, usage, usd) -> None:
    """Tokens stand for time where the price is for minutes, and time for tokens where it is for those."""
    assert price.of(read_usage(usage)) == usd
