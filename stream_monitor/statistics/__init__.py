"""Pure statistics on arrays and counts: no state, no input or output, no summaries."""
