"""What the operator sets: durations, the settings, their loading and their rendering."""
