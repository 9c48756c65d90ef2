"""What a scenario's file may say, and what is wrong with one that says something else."""
