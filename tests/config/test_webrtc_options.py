"""What is wrong with the table `[webrtc]` is said with the field's name."""

import pytest

from relay.config.webrtc_options import VideoOptions, WebRtcOptions, read_webrtc


@pytest.mark.parametrize(
    ("table", "words"),
    [
        ({"video": "turn"}, r"webrtc\.video: must be a table"),
        ({"video": {"when": "always"}}, r"webrtc\.video\.when: must be one of turn, interval, never"),
        ({"video": {"size": 640}}, r"webrtc\.video\.size: there is no such field; did you mean side"),
        ({"video": {"side": 10}}, r"webrtc\.video\.side: must be a number from 64 to 2048, not 10"),
        ({"video": {"most": True}}, r"webrtc\.video\.most: must be a number"),
        ({"ice_servers": ["http://a"]}, r'webrtc\.ice_servers: must be addresses such as "turn:'),
        ({"ice_servers": ["turn:ann:secret@a"]}, r"webrtc\.ice_servers: must be addresses"),
        ({"max_calls": 0}, r"webrtc\.max_calls: must be a number from 1 to 10000"),
    ],
)
def test_what_is_wrong(table, words) -> None:
    """The path of the field, what it may be, and what it is."""
    with pytest.raises(ValueError, match=words):
        read_webrtc(table, "webrtc")


def test_a_profile_decides_about_cameras() -> None:
    """Its own table goes before the general one, and leaves the rest as it is there."""
    general = read_webrtc({"calls": "relay", "video": {"when": "turn"}}, "webrtc")
    assert read_webrtc({}, "profiles.x.webrtc", general).video == VideoOptions(when="turn")
    own = read_webrtc({"video": {"when": "interval", "side": "320"}}, "profiles.x.webrtc", general)
    assert (own.calls, own.video) == ("relay", VideoOptions(when="interval", side=320))
    assert WebRtcOptions().video.when == "never"
