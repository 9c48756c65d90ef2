"""What must be found of a scenario, and what must not, beside what was."""
