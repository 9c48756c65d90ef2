"""The frozen picture of a model's normal behaviour that windows are held against."""
