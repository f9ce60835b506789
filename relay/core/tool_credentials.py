"""What a profile's MCP tools open other people's servers with: found, and left out of what is shown."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

SECRET_FIELDS = frozenset({"authorization", "headers"})
SERVER_FIELDS = frozenset({"server_label", "server_url", "connector_id", "tunnel_id"})

_IN_ADDRESS = re.compile(r"//[^/@]*:([^/@]+)@|[?&][^=&#]*=([^&#]+)")
"""A password in an address, and the values of its query."""

LEAST_CHARS = 8
"""A shorter value is a word that may stand anywhere; the field that holds it is left out all the same."""


def tools_of(session: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """The tools of a session object: its own, and those of the backend that a Live session delegates to."""
    node: Any = session
    for name in (None, "delegation", "responses"):
        node = node if name is None else node.get(name)
        if not isinstance(node, Mapping):
            return
        tools = node.get("tools")
        yield from (tool for tool in (tools if isinstance(tools, list) else ()) if isinstance(tool, dict))


def tool_credentials(session: Mapping[str, Any]) -> Iterator[str]:
    """Each string of a session object's tools that nobody may see, wherever somebody quotes it."""
    for value in _secret_strings(session):
        for secret in {value, value.split(" ")[-1]}:  # without a scheme such as Bearer, too
            if len(secret) >= LEAST_CHARS:
                yield secret


def without_credentials(tool: Mapping[str, Any]) -> dict[str, Any]:
    """The object without the fields that hold credentials, if it is an MCP tool; unchanged if it is none."""
    if not is_mcp_tool(tool):
        return dict(tool)
    return {name: value for name, value in tool.items() if name.casefold() not in SECRET_FIELDS}


def is_mcp_tool(node: Mapping[str, Any]) -> bool:
    """Whether a JSON object names a server of tools."""
    return not SERVER_FIELDS.isdisjoint(name.casefold() for name in node)


def _secret_strings(session: Mapping[str, Any]) -> Iterator[str]:
    for tool in tools_of(session):
        yield from _strings([tool.get(name) for name in SECRET_FIELDS])
        yield from (found for pair in _IN_ADDRESS.findall(str(tool.get("server_url"))) for found in pair)


def _strings(node: Any) -> Iterator[str]:
    if isinstance(node, str):
        yield node
    elif isinstance(node, list):
        for item in node:
            yield from _strings(item)
    elif isinstance(node, dict):
        yield from _strings(list(node.values()))
