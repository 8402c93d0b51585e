"""The supervisor: what makes an engine agree with what is wanted, and what it writes down on the way."""
