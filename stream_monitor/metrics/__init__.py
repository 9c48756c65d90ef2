"""What a worker says of itself: a snapshot, and its export to Prometheus."""
