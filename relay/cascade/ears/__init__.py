"""Ears tell speech from everything else: the probability of it in each frame of sound, for a mind to decide upon.

ear        what all of them have in common
energy     by loudness; anywhere, and for nothing
silero     by Silero's model, in one thread for all sessions
models     Silero's models, lent to who speaks
features   what Smart Turn's model wants to see of a turn
smart_turn whether somebody has done speaking, by Smart Turn's model

What was found is told later, on the event loop, in order; nothing here waits for it.
"""

from relay.cascade.ears.ear import FRAME_BYTES, FRAME_MS, Ear, Ears, Told
from relay.cascade.ears.energy import EnergyEars
from relay.cascade.ears.silero import SileroEars

__all__ = ["FRAME_BYTES", "FRAME_MS", "Ear", "Ears", "EnergyEars", "SileroEars", "Told"]
