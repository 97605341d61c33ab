"""The workspace that shows one image under several modes and models at once."""
