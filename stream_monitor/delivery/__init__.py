"""What waits for somebody who does not answer, and how long they are left alone; no IO here."""
