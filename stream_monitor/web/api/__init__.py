"""The HTTP API: what is known of every model, and a door for events and labels."""
