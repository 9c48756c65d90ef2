"""Event time cut into panes and windows, and how far it has come."""
