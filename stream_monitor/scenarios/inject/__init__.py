"""What breaks a stream: each injection a pure function from columns and times to columns."""
