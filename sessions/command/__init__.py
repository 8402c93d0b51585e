"""Commands of a session: started, followed, ended, over its line."""
