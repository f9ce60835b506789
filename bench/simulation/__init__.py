"""Reconnect storms, drains and autoscaling of a fleet that is larger than a machine: simulated, with seeds."""
