"""``python -m stream_monitor``."""

from stream_monitor.cli.main import main

if __name__ == "__main__":
    main()
