"""Labels that come later: how they find their predictions."""
