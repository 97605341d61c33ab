"""The nouns of the program: frozen values over numpy arrays; no files, no torch, no Qt."""
