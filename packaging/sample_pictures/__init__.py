"""Pictures of the bundled sample dataset: one file a category, on a common ground of noise, shapes and shading."""
