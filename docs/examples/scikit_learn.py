"""A scikit-learn classifier scores rows in batches and one at a time, and logs both.

KAFKA=127.0.0.1:9092 python scikit_learn.py
"""

import os

import numpy as np
from sklearn.linear_model import LogisticRegression

from stream_monitor.client import PredictionLogger

rng = np.random.default_rng(1)
names = ["income", "age"]
rows = rng.normal(size=(500, len(names)))
truth = np.where(rows[:, 0] + rng.normal(size=500) > 0, "repay", "default")
classifier = LogisticRegression().fit(rows, truth)

address = os.environ.get("KAFKA", "127.0.0.1:9092")
with PredictionLogger("credit", bootstrap_servers=address, version="1") as logger:
    # A batch: columns go in as they are, arrays included.
    probabilities = classifier.predict_proba(rows)
    ids = [f"batch-{number}" for number in range(len(rows))]
    logger.log_batch(
        dict(zip(names, rows.T, strict=True)),
        classifier.predict(rows),
        scores=dict(zip(classifier.classes_, probabilities.T, strict=True)),
        prediction_id=ids,
    )
    for prediction_id, label in zip(ids, truth, strict=True):
        logger.log_label(prediction_id, label)

    # One row: `predict` answers with an array of one value, of which the value is the prediction.
    row = rows[:1]
    (prediction,) = classifier.predict(row)
    (probability,) = classifier.predict_proba(row)
    logger.log(
        dict(zip(names, row[0], strict=True)),
        prediction,
        scores=dict(zip(classifier.classes_, probability, strict=True)),
    )

print(logger.statistics)
