"""The Evaluate workspace: whole datasets under several modes and models, as a table that fills while one goes on."""
