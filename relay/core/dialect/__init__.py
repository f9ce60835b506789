"""Peers and upstreams that speak the beta API of 2024, or something near it, in a session that speaks GA."""

from relay.core.dialect.table import AZURE_PREVIEW, BETA, XAI, Table
from relay.core.dialect.translation import Translation

__all__ = ["AZURE_PREVIEW", "BETA", "XAI", "Table", "Translation"]
