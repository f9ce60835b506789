"""`relay check`: whether a relay, or any endpoint that speaks the Realtime API, does what clients rely on."""
