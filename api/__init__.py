"""The HTTP API for programs. It decides nothing by itself: the same policy and the same model methods as the pages."""
