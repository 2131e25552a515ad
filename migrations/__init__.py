"""The schema, revision by revision. `memory.database.migrate` runs them; each is safe while others work."""
