"""The image view: layers, prompts and tools."""
