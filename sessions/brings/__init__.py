"""What a session brings along: git identity, environment variables and the files of its private folder."""
