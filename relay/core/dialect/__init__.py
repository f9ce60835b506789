"""Peers and upstreams that speak the beta API of 2024, or something near it, in a session that speaks GA."""

from relay.core.dialect.table import BETA, Table
from relay.core.dialect.translation import Translation

__all__ = ["BETA", "Table", "Translation"]
