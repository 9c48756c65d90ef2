"""Online change detectors: machines over streams of numbers."""
