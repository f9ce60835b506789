"""From outcomes to a page."""
