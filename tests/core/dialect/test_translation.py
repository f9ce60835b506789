import json
from typing import Any

import pytest

from relay.core.dialect import AZURE_PREVIEW, BETA, XAI, Translation
from relay.core.dialect.translation import OneWay

Body = dict[str, Any]


def translated(way: OneWay, *bodies: Body) -> list[Body]:
    return [json.loads(out) for body in bodies for out in way(json.dumps(body))]


def test_a_session_of_2024_goes_up_as_ga() -> None:
    """A flat `session.update` becomes GA's nested one; `temperature`, which GA refuses, stays behind."""
    flat = {
        "modalities": ["audio", "text"], "voice": "alloy", "instructions": "Be kind.", "temperature": 0.7,
        "input_audio_format": "pcm16", "output_audio_format": "g711_ulaw", "max_response_output_tokens": 100,
        "input_audio_transcription": {"model": "whisper-1"}, "turn_detection": {"type": "none"}, "speed": 1.1,
        "tools": [], "tool_choice": "auto", "from_the_future": {"a": 1},
    }  # fmt: skip
    [event] = translated(Translation().from_peer, {"event_id": "e", "type": "session.update", "session": flat})
    assert event == {
        "event_id": "e",
        "type": "session.update",
        "session": {
            "type": "realtime",
            "instructions": "Be kind.",
            "tools": [],
            "from_the_future": {"a": 1},
            "output_modalities": ["audio"],
            "audio": {
                "input": {
                    "format": {"type": "audio/pcm", "rate": 24000},
                    "transcription": {"model": "whisper-1"},
                    "turn_detection": None,
                },
                "output": {"voice": "alloy", "format": {"type": "audio/pcmu"}, "speed": 1.1},
            },
            "max_output_tokens": 100,
            "tool_choice": "auto",
        },
    }


def test_a_transcription_session_of_2024_goes_up_as_ga() -> None:
    """`transcription_session.update` becomes a `session.update` of that type."""
    body = {"type": "transcription_session.update", "session": {"input_audio_format": "g711_alaw", "modalities": []}}
    assert translated(Translation().from_peer, body) == [
        {
            "type": "session.update",
            "session": {"type": "transcription", "audio": {"input": {"format": {"type": "audio/pcma"}}}},
        }
    ]


@pytest.mark.parametrize("word", ["created", "updated"])
def test_a_transcription_session_is_told_as_in_2024(word) -> None:
    """A session that transcribes begins with `transcription_session.created`, and its changes are told alike."""
    body = {
        "type": f"session.{word}",
        "session": {"type": "transcription", "audio": {"input": {"noise_reduction": None}}},
    }
    [event] = translated(Translation().to_peer, body)
    assert event["type"] == f"transcription_session.{word}"
    assert event["session"] == {"input_audio_noise_reduction": None, "client_secret": {"value": "", "expires_at": 0}}


NESTED: Body = {"audio": {"output": {"voice": "verse"}}}
GA_SESSIONS: list[Body] = [
    {"type": "realtime", "instructions": "Be kind."},
    {"type": "transcription"},
    NESTED,
    {"type": "realtime", "tools": [], **NESTED},
    {"output_modalities": ["text"]},
]
SERVER_EVENTS = [
    '{"type":"session.updated","session":{"type":"realtime","output_modalities":["audio"]}}',
    '{"type":"response.output_audio.delta","delta":"AAAA"}',
    '{"type":"conversation.item.done","item":{}}',
]


@pytest.mark.parametrize("session", GA_SESSIONS)
def test_a_peer_that_turns_out_to_speak_ga(session) -> None:
    """A peer whose request says beta and whose first `session.update` is GA's is served GA, byte for byte."""
    translation = Translation(is_peer_sure=False)
    update = json.dumps({"type": "session.update", "session": session}, indent=1)
    append = '{"type": "input_audio_buffer.append", "audio": "AAAA"}'
    assert [*translation.from_peer(append), *translation.from_peer(update)] == [append, update]
    assert [out for event in SERVER_EVENTS for out in translation.to_peer(event)] == SERVER_EVENTS
    flat = '{"type":"session.update","session":{"voice":"ash"}}'
    assert translation.from_peer(flat) == (flat,)


@pytest.mark.parametrize(
    "first",
    [
        {"type": "session.update", "session": {"voice": "ash"}},
        {"type": "session.update", "session": {}},
        {"type": "session.update", "session": {"type": "realtime", "modalities": ["text"]}},
        {"type": "transcription_session.update", "session": {"input_audio_format": "pcm16"}},
    ],
)
def test_a_peer_that_speaks_the_beta_as_it_says(first) -> None:
    """A first `session.update` that is flat settles that the peer speaks the beta, whatever comes later."""
    translation = Translation(is_peer_sure=False)
    for body in (first, {"type": "session.update", "session": NESTED}):
        [event] = translated(translation.from_peer, body)
        assert event["session"]["type"] in {"realtime", "transcription"}
    assert json.loads(translation.to_peer(SERVER_EVENTS[1])[0])["type"] == "response.audio.delta"


def test_a_peer_that_nobody_is_sure_of_is_told_in_both_shapes() -> None:
    """Before it has shown what it speaks its session has GA's fields and the beta's; after that one of both."""
    session: Body = {"type": "realtime", **NESTED, "output_modalities": ["audio"]}
    told: Body = {"type": "session.created", "session": session}
    translation = Translation(is_peer_sure=False)
    [event] = translated(translation.to_peer, told)
    assert event["session"] == {**event["session"], **session}
    assert event["session"]["modalities"] == ["text", "audio"]
    translated(translation.from_peer, {"type": "session.update", "session": {"voice": "ash"}})
    [event] = translated(translation.to_peer, told)
    assert not {"type", "audio", "output_modalities"} & set(event["session"])


@pytest.mark.parametrize(
    ("response", "is_ga"),
    [
        ({"output_modalities": ["text"]}, True),
        ({"audio": {"output": {"voice": "ash"}}}, True),
        ({"modalities": ["text"]}, False),
        ({"modalities": ["text"], "output_modalities": ["text"]}, False),
        ({"instructions": "Be kind."}, None),
    ],
)
def test_a_peer_may_show_by_a_request_what_it_speaks(response, is_ga) -> None:
    """A `response.create` that stands before any `session.update` settles it, too, unless both would write it so."""
    translation = Translation(is_peer_sure=False)
    translation.from_peer(json.dumps({"type": "response.create", "response": response}))
    translation.from_peer(json.dumps({"type": "session.update", "session": {"type": "realtime"}}))
    assert (json.loads(translation.to_peer(SERVER_EVENTS[1])[0])["type"] == "response.output_audio.delta") is (
        is_ga is not False
    )


@pytest.mark.parametrize("session", GA_SESSIONS)
def test_a_profile_that_says_beta_is_believed(session) -> None:
    """Where the operator says what the peer speaks, its first `session.update` changes nothing."""
    translation = Translation()
    translated(translation.from_peer, {"type": "session.update", "session": session})
    assert translation.to_peer(SERVER_EVENTS[2]) == ()


def test_a_request_is_remembered_until_there_is_another() -> None:
    """The echo of a field has the peer's own spelling, as long as the upstream says what it stood for."""
    translation = Translation()
    granted: Body = {"type": "session.updated", "session": {"type": "realtime", "output_modalities": ["audio"]}}
    for asked, echo in [
        ({"modalities": ["audio", "text"], "temperature": 0.6}, {"modalities": ["audio", "text"], "temperature": 0.6}),
        ({"voice": "verse"}, {"modalities": ["audio", "text"], "temperature": 0.6}),
        ({"modalities": ["text", "audio"]}, {"modalities": ["text", "audio"], "temperature": 0.6}),
    ]:
        translated(translation.from_peer, {"type": "session.update", "session": asked})
        [event] = translated(translation.to_peer, granted)
        assert event["session"] == echo
    granted["session"]["output_modalities"] = ["text"]
    assert translated(translation.to_peer, granted)[0]["session"] == {"modalities": ["text"], "temperature": 0.6}


def test_a_response_echoes_its_own_request() -> None:
    """A response has the temperature of the request for it, else the session's."""
    translation = Translation()
    done = {"type": "response.done", "response": {"id": "r", "audio": {"output": {"voice": "ash"}}}}
    translated(translation.from_peer, {"type": "session.update", "session": {"temperature": 0.6}})
    translated(translation.from_peer, {"type": "response.create", "response": {"temperature": 1.0}})
    assert translated(translation.to_peer, done)[0]["response"] == {"id": "r", "voice": "ash", "temperature": 1.0}
    translated(translation.from_peer, {"type": "response.create"})
    assert translated(translation.to_peer, done)[0]["response"] == {"id": "r", "voice": "ash", "temperature": 0.6}


@pytest.mark.parametrize("gap", ["", " ", "\n  "])
@pytest.mark.parametrize("first", ["", '"event_id":"e_1",'])
def test_an_event_with_another_name_keeps_its_bytes(gap, first) -> None:
    """Of an audio delta nothing is changed but its type, whatever stands around it."""
    event = '{%s%s"type":%s"%s", "delta":"AA\\u002f", "n": 1.0, "obfuscation":"x"}'
    ga, beta = (event % (gap, first, gap, kind) for kind in ("response.output_audio.delta", "response.audio.delta"))
    assert Translation().to_peer(ga) == (beta,)
    assert Translation().from_upstream(beta) == (ga,)


def test_a_late_type_counts_too() -> None:
    """An event that names its type last is translated all the same."""
    assert translated(Translation().to_peer, {"delta": "a", "type": "response.output_text.delta"}) == [
        {"delta": "a", "type": "response.text.delta"}
    ]


UNTOUCHED = [
    '{"type":"never.heard.of","session":{"voice":"a"}}', '{ "type" : "error", "error": "a string" }', "{", "[1]", "7",
    '{"no":"type"}', '{"type":7}', '{"type":"session.update"}', '{"type":"session.created","session":"odd"}',
    '{"type":"response.done","response":null}', '{"type":"response.create","response":[]}', b"\x00\x01",
    '{"type":"conversation.item.retrieved","item":7}', '{"type":"response.output_item.done","item":null}',
    '{"type":"conversation.item.created"}', '{"type":"response.function_call_arguments.done","item_id":[]}',
    '{"type":"input_audio_buffer.append","audio":"AAAA"}', '{"type":"rate_limits.updated", "rate_limits":[]}',
    '{"type":"session.updated","session":{"id":"s", "object": "realtime.session", "type": "other"}}x',
]  # fmt: skip


@pytest.mark.parametrize("data", UNTOUCHED)
@pytest.mark.parametrize("way", ["from_peer", "to_upstream", "from_upstream", "to_peer"])
def test_what_needs_no_change_is_the_very_message(way, data) -> None:
    """Events that are the same in both dialects, odd ones and what is no event pass as they are."""
    assert getattr(Translation(), way)(data)[0] is data


def test_a_peer_that_speaks_ga_after_all() -> None:
    """A session that names its type is GA's already, and is left alone."""
    data = '{"type":"session.update","session":{"type":"realtime","audio":{"output":{"voice":"ash"}}}}'
    assert Translation().from_peer(data) == (data,)


def test_what_ga_says_that_the_beta_has_no_word_for() -> None:
    """Fields that only GA has stand where they stood, so that nothing is lost."""
    session = {"type": "realtime", "truncation": "auto", "audio": {"output": {"voice": "ash", "new": 1}}}
    [event] = translated(Translation().to_peer, {"type": "session.created", "session": session})
    assert event["session"] == {"truncation": "auto", "audio": {"output": {"new": 1}}, "voice": "ash"}


def test_a_flat_field_beside_an_odd_object() -> None:
    """Where something that is no object stands in the way, a flat field stays flat."""
    [event] = translated(Translation().from_peer, {"type": "session.update", "session": {"audio": 7, "voice": "ash"}})
    assert event["session"] == {"type": "realtime", "audio": 7, "voice": "ash"}


DEEP = "[" * 500 + "]" * 500


def test_what_is_nested_too_deeply_to_be_written() -> None:
    """An event that could be read and not be written again passes as it is."""
    data = f'{{"type":"session.update","session":{{"voice":"ash","odd":{DEEP}}}}}'
    assert Translation().from_peer(data) == (data,)


@pytest.mark.parametrize(("upstream", "off"), [(BETA, None), (AZURE_PREVIEW, {"type": "none"}), (XAI, {"type": None})])
def test_voice_detection_is_switched_off_in_the_upstreams_own_words(upstream, off) -> None:
    """GA's null goes up as each dialect says it, and comes down as null again."""
    translation = Translation(upstream=upstream)
    session: Body = {"type": "realtime", "audio": {"input": {"turn_detection": None}}}
    [up] = translated(translation.to_upstream, {"type": "session.update", "session": session})
    assert up["session"] == {"turn_detection": off}
    [down] = translated(translation.from_upstream, {"type": "session.updated", "session": up["session"]})
    assert down["session"] == session


def test_two_ends_of_different_dialects() -> None:
    """What GA has no place for gets through where the other end has one; what is spelt differently is spelt its way."""
    session = {"temperature": 0.6, "turn_detection": {"type": "none"}, "voice": "ara"}
    for upstream, said in [
        (AZURE_PREVIEW, session),
        (XAI, {"turn_detection": {"type": None}, "voice": "ara"}),
    ]:
        translation = Translation(BETA, upstream)
        [ga] = translated(translation.from_peer, {"type": "session.update", "session": session})
        assert translated(translation.to_upstream, ga)[0]["session"] == said
