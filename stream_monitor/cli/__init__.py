"""The command line: the only part that reads files, the environment and the terminal."""
