"""Several relays behind HAProxy with Redis on this machine, on bad days, under 200 talking sessions."""
