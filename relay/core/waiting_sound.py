"""Room for the sound of answers that is played by the clock, so that what comes behind it is read at once.

When too much waits for a peer, its upstream is not read; then it would be told late that the user speaks, too, and an
answer would go on over the user's words. Sound that waits for its time is no sign of a slow peer.
"""

from relay.core.interceptor import Interceptor
from relay.core.session import Session

MOST_SOUND_BYTES = 30 * 1024 * 1024
"""Ten minutes: the longest answer of the API's, 4,096 tokens, is of three and a half."""


class WaitingSound(Interceptor):
    """Lets as much more wait for this session's peer. What may wait in the whole process stays as it is."""

    def opened(self, session: Session, now: float) -> None:
        session.down.most_waiting += MOST_SOUND_BYTES
