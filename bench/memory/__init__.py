"""What memory costs and what it keeps to: a session that outlives its connections, and a conversation that is kept."""
