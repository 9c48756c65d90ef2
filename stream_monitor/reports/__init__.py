"""What a period was like, for people: from the reports and alerts of a model to one page."""
