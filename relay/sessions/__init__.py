"""Sessions as they are run: `joining` dials and joins two legs, `registry` counts, ticks and drains the active ones."""
