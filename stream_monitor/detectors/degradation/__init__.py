"""Whether a model's errors have risen: change detectors folded over panes of labelled rows."""
