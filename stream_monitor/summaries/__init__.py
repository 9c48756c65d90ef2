"""What a window is kept as: immutable summaries that add, and mostly subtract, exactly."""
