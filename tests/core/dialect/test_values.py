import pytest

from relay.core.dialect import values

BOTH_WAYS = [
    (values.format_to_ga, values.format_to_beta, "pcm16", {"type": "audio/pcm", "rate": 24000}),
    (values.format_to_ga, values.format_to_beta, "g711_ulaw", {"type": "audio/pcmu"}),
    (values.format_to_ga, values.format_to_beta, "g711_alaw", {"type": "audio/pcma"}),
    (values.modalities_to_ga, values.modalities_to_beta, ["text", "audio"], ["audio"]),
    (values.modalities_to_ga, values.modalities_to_beta, ["text"], ["text"]),
    (values.tool_choice_to_ga, values.tool_choice_to_beta, "required", "required"),
    (
        values.tool_choice_to_ga,
        values.tool_choice_to_beta,
        {"type": "function", "function": {"name": "weather"}},
        {"type": "function", "name": "weather"},
    ),
    (
        values.item_to_ga,
        values.item_to_beta,
        {"role": "assistant", "content": [{"type": "text", "text": "a"}, {"type": "audio", "transcript": "b"}]},
        {
            "role": "assistant",
            "content": [{"type": "output_text", "text": "a"}, {"type": "output_audio", "transcript": "b"}],
        },
    ),
    (
        values.item_to_ga,
        values.item_to_beta,
        {"role": "user", "content": [{"type": "input_text", "text": "a"}, {"type": "input_image"}]},
        {"role": "user", "content": [{"type": "input_text", "text": "a"}, {"type": "input_image"}]},
    ),
]  # fmt: skip


@pytest.mark.parametrize(("to_ga", "to_beta", "beta", "ga"), BOTH_WAYS)
def test_a_value_goes_both_ways(to_ga, to_beta, beta, ga) -> None:
    """The beta's formats, modalities, choices and parts have one counterpart each."""
    assert to_ga(beta) == ga
    assert to_beta(ga) == beta


@pytest.mark.parametrize(
    ("said", "meant"),
    [
        (None, None),
        ({"type": "none"}, None),
        ({"type": None}, None),
        ({"type": "server_vad", "eagerness": "low", "threshold": 0.5}, {"type": "server_vad", "threshold": 0.5}),
        ({"type": "semantic_vad", "eagerness": "low", "threshold": 0.5}, {"type": "semantic_vad", "eagerness": "low"}),
        ({"type": "new_vad", "threshold": 0.5}, {"type": "new_vad", "threshold": 0.5}),
        ({"type": ["odd"]}, {"type": ["odd"]}),
        ({"threshold": 0.5}, {"threshold": 0.5}),
    ],
)
def test_voice_detection_says_what_ga_takes(said, meant) -> None:
    """Each way to have no voice detection is null, and keys of the other kind of detection are left out."""
    assert values.turn_detection_to_ga(said) == meant


CONVERTS = [
    values.format_to_ga, values.format_to_beta, values.modalities_to_ga, values.modalities_to_beta,
    values.tool_choice_to_ga, values.tool_choice_to_beta, values.item_to_ga, values.item_to_beta,
    values.turn_detection_to_ga, values.each(values.item_to_ga),
]  # fmt: skip


@pytest.mark.parametrize("convert", CONVERTS)
@pytest.mark.parametrize(
    "value", [None, 7, "opus", [], ["video"], {}, {"type": "new"}, {"role": "assistant", "content": "a"}]
)
def test_an_unheard_of_value_stays(convert, value) -> None:
    """A value that is in no table passes as it is."""
    assert convert(value) == value
