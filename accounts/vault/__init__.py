"""Secrets at rest: keys, sealing and opening, sealed columns, rotation."""
