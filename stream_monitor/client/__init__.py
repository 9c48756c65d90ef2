"""What a model server imports: it logs predictions to Kafka and never waits for it.

Everything here is light: no array library and no Kafka library is imported before the first
event goes out, and then by a thread of its own.
"""

from stream_monitor.client.counts import Statistics as Statistics
from stream_monitor.client.logger import AsyncPredictionLogger as AsyncPredictionLogger
from stream_monitor.client.logger import PredictionLogger as PredictionLogger
from stream_monitor.client.refusals import Refusal as Refusal
