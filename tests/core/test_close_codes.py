from hypothesis import given
from hypothesis import strategies as st

from relay.core.close_codes import fit_reason, sendable_code

SENDABLE = {*range(1000, 1004), *range(1007, 1015), *range(3000, 5000)}


@given(st.integers(0, 65535))
def test_codes_are_mapped_to_sendable_ones(code) -> None:
    """Whatever code comes in, one that may be sent goes out, and a sendable one goes out as it is."""
    assert sendable_code(code) in SENDABLE
    assert sendable_code(code) == code or code not in SENDABLE


@given(st.text())
def test_reasons_fit_a_close_frame(reason) -> None:
    """A reason is cut to 123 bytes between characters."""
    fitted = fit_reason(reason)
    assert reason.startswith(fitted)
    assert len(fitted.encode()) <= 123
    assert fitted == reason or len(fitted.encode()) > 119
