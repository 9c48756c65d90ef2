"""The two stages as machines: events to summaries, summaries to verdicts."""
