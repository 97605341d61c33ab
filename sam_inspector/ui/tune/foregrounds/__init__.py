"""The foregrounds of a category: shown as they are found, and corrected by clicks."""
