from decimal import Decimal

import pytest

from relay.core.prices import Price, Prices, read_usage

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
        ({"input_token_details": {"text_tokens": -5, "audio_tokens": True}, "output_tokens": "many"}, {}),
        ({"input_token_details": None, "output_token_details": []}, {}),
        (None, {}),
        ("free", {}),
    ],
)
def test_tokens_are_counted_by_kind(usage, tokens) -> None:
    """Cached tokens are not counted twice, a sum without modalities counts as audio, and nonsense as nothing."""
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
