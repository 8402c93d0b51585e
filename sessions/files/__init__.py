"""Files of a session, as pages and programs ask for them: over its line, in its own container."""
