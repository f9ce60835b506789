"""The version of the package, of its log and metrics, and of the npm package made of its page."""

__version__ = "0.3.0"
