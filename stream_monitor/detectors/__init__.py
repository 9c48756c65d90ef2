"""From a window's summary to verdicts."""
