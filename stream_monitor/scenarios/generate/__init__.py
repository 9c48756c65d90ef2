"""A stream out of a seed: features, a truth nobody sees, the model that is served, labels."""
