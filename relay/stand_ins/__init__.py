"""Stand-ins for the Realtime API that are played on this machine: the mock, the replay of recordings, and their faults.

serving            a stand-in as the upstream of a relay in the same process
commands           `relay mock` and `relay replay`, where it runs alone
listener           its socket; protocol_switch lets REST and WebSockets share the port
exchange, wire     one connection and its session
"""
