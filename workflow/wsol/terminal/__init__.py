"""terminal: what whoever runs the workflow sees of it, one calm line per job; nothing is computed here."""
