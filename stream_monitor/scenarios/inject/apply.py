"""The injections of a stage, one after the other."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from stream_monitor.scenarios.generate.seeds import generator
from stream_monitor.scenarios.generate.stream import Stream
from stream_monitor.scenarios.inject import delivery, inputs, serving, world
from stream_monitor.scenarios.inject.context import Context
from stream_monitor.scenarios.spec import injections as kinds
from stream_monitor.scenarios.spec.injections import Injection

#: What each kind does. Concept drift is not here: it changes the truth's model and no column.
INJECT: Mapping[type[Injection], Callable[[Any, Stream, Context], Stream]] = {
    kinds.SuddenDrift: world.drift,
    kinds.GradualDrift: world.drift,
    kinds.Seasonal: world.seasonal,
    kinds.CorrelationBreak: world.correlation_break,
    kinds.NewCategory: world.new_category,
    kinds.DataQuality: inputs.data_quality,
    kinds.FeatureSwap: inputs.feature_swap,
    kinds.SchemaBreak: inputs.schema_break,
    kinds.CanaryRegression: serving.canary_regression,
    kinds.RegressionBias: serving.regression_bias,
    kinds.LatencySpike: delivery.latency_spike,
    kinds.LabelDelay: delivery.label_delay,
    kinds.TrafficDrop: delivery.traffic_drop,
    kinds.DuplicateStorm: delivery.duplicate_storm,
}


def inject(
    injections: Mapping[str, Injection],
    stream: Stream,
    start_ms: int,
    seed: int,
    moments: Callable[[str], tuple[float, float]],
) -> Stream:
    """The stream after all of them, in their order; each draws by its own name."""
    for name, one in injections.items():
        context = Context(start_ms, generator(seed, "inject", name), moments)
        stream = INJECT[type(one)](one, stream, context)
    return stream
