"""Sessions as they are run.

joining    dials, and joins two legs until they end
peer_info  who is at the peer's end
registry   how many there may be, their common tick, their drain
journal    their lines in the log; debugging has what `debug` adds
"""
