from typing import Any

import pytest

from relay.core.tool_credentials import tool_credentials, without_credentials

FUNCTION = {"type": "function", "name": "hours", "parameters": {"properties": {"headers": {"type": "object"}}}}
MCP = {
    "type": "mcp",
    "server_label": "shop",
    "server_url": "https://anna:pass-of-anna@shop.example/mcp?key=key-in-address&v=2",
    "authorization": "Bearer token-of-the-shop",
    "headers": {"X-Tenant-Key": "tenant-key-1", "X-More": ["in-a-list-1"], "X-Short": "no"},
}


def test_what_tools_open_servers_with() -> None:
    """The credentials of MCP tools are their authorization, their headers' values, and what their address has."""
    assert set(tool_credentials({"tools": [FUNCTION, MCP]})) == {
        "Bearer token-of-the-shop", "token-of-the-shop", "tenant-key-1", "in-a-list-1", "pass-of-anna",
        "key-in-address",
    }  # fmt: skip


@pytest.mark.parametrize("session", [{}, {"tools": None}, {"tools": "x"}, {"tools": [1, FUNCTION, {"headers": 7}]}])
def test_sessions_without_any(session) -> None:
    """A session without MCP tools has none, whatever else it has."""
    assert list(tool_credentials(session)) == []


def test_a_tool_is_shown_without_them() -> None:
    """An MCP tool is shown without the fields that hold credentials, in any letter case; other objects stay whole."""
    tool = {"Server_Label": "shop", "Authorization": "x", "HEADERS": {}, "allowed_tools": ["a"]}
    assert without_credentials(tool) == {"Server_Label": "shop", "allowed_tools": ["a"]}
    assert without_credentials(FUNCTION) == FUNCTION


def test_a_live_sessions_backend_has_tools_too() -> None:
    """What it delegates to may open servers as well; what is none of that shape has none."""
    tool = {"type": "mcp", "server_label": "shop", "authorization": "Bearer token-of-the-shop"}
    session = {"delegation": {"type": "responses", "responses": {"model": "m", "tools": [tool, "odd"]}}}
    assert set(tool_credentials(session)) == {"Bearer token-of-the-shop", "token-of-the-shop"}
    odds: tuple[Any, ...] = (None, {"responses": []}, {"responses": {"tools": {}}})
    for odd in odds:
        assert list(tool_credentials({"delegation": odd})) == []
