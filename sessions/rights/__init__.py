"""Who may do what with a session: the table, the admission of a viewer, and what follows when a role changes."""
