"""Pictures made small enough for a model: JPEG of a bounded size, made beside the event loop."""

import asyncio
from io import BytesIO
from time import monotonic

from relay.legs.webrtc.media import Picture

_BLACK = 24
"""What a camera that is switched off sends is not brighter than that in any corner, of 255."""

STALE_S = 5.0
"""What came longer ago shows what is no longer there: the camera is off, or the network away."""


async def photograph(picture: Picture | None, side: int, quality: int) -> bytes | None:
    """The picture as JPEG; None where there is none that shows something, and is of now."""
    if picture is None or monotonic() - picture.taken_at > STALE_S:
        return None
    return await asyncio.to_thread(encode, picture, side, quality)


def encode(picture: Picture, side: int, quality: int) -> bytes | None:
    """The picture, upright, its longer side at most `side` pixels; None where it shows nothing but black.

    Takes milliseconds, and may be called on any thread.
    """
    from PIL import Image  # noqa: PLC0415 - 8 MB, for who shows pictures

    image = Image.frombuffer("RGB", (picture.width, picture.height), picture.rgbx, "raw", "RGBX", 0, 1)
    image.thumbnail((side, side))
    if not any(image.convert("L").histogram()[_BLACK + 1 :]):
        return None
    if picture.rotation:
        image = image.rotate(-picture.rotation, expand=True)
    written = BytesIO()
    image.save(written, "JPEG", quality=quality)
    return written.getvalue()
