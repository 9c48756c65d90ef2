"""Evidence against "the stream is like its reference", with one bound on false alarms."""
