"""Ports of a session's network: what listens, and connections to it."""
