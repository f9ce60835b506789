"""What a stand-in can do wrong on request, so that an app can be tested against it.

grammar      `latency=200ms`, `close=1011@12`: what can be asked for, and how
line         when and as what each message goes out; decides, never waits
disturbance  puts faults into a stand-in's handshakes and sessions
"""

from relay.stand_ins.faults.disturbance import Disturbance
from relay.stand_ins.faults.grammar import Fault, WrongFault, read_fault, read_faults

__all__ = ["Disturbance", "Fault", "WrongFault", "read_fault", "read_faults"]
