"""Conversations that are kept: text only, what was heard only, by subject and id."""
