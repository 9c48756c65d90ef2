"""From bytes on a topic to columns of events."""
