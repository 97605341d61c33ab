"""System 3, SPT: SAM tuned on defects of a person's own, by self-draft tuning and a visual-relation-aware adapter."""
