"""Whether the errors of a model have risen: a fold over the panes of its labelled rows."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

from river.__version__ import __version__ as river_version

from stream_monitor.config.degradation import DegradationSettings
from stream_monitor.config.monitors import EVIDENCE
from stream_monitor.config.settings import ModelSettings
from stream_monitor.detectors.degradation.baseline import Baseline, Learning, given
from stream_monitor.detectors.degradation.by_evidence import EvidencePanes
from stream_monitor.detectors.degradation.by_river import FOR_CLASSIFIERS, RiverPanes
from stream_monitor.detectors.degradation.machine import Machine, Standing
from stream_monitor.detectors.degradation.panes import PaneErrors, check_panes
from stream_monitor.detectors.degradation.plan import RowPlan, plan_of_mean, plan_of_rate
from stream_monitor.detectors.degradation.residuals import ResidualCounts
from stream_monitor.detectors.degradation.running_mean import PageHinkleyPanes
from stream_monitor.detectors.degradation.standard import Standardised
from stream_monitor.detectors.degradation.sums import RowCusum, SumCusum
from stream_monitor.detectors.degradation.terms import Terms
from stream_monitor.errors import ConfigurationError
from stream_monitor.reference.model import Task

VERSION = 2
"""Of the bytes of a state, and of what a state means."""


@dataclass(frozen=True, slots=True)
class DegradationState:
    """What is remembered of all panes up to ``last_ms``; immutable, and equal if it goes on equal.

    ``machines`` has the state of each detector in the order of the settings; one that waits for
    its baseline has none yet (``b""``).
    """

    last_ms: int | None
    learning: Learning
    baseline: Baseline | None
    machines: tuple[bytes, ...]


@dataclass(frozen=True, slots=True)
class Degradation:
    """The detectors of the settings over one model's panes, in the order of event time.

    Only rises of the errors alarm. Page–Hinkley and ADWIN see falls as well: they start again
    then, in silence. After an alarm a detector starts again at the next pane, with the same
    baseline; where in its pane an alarm is, is not known, as the order of the rows is not.

    The first ``learn`` labelled rows, up to the end of the pane where they are complete, say what
    is usual unless the baseline is given; then it stays. A learned mean is uncertain, and a CUSUM
    designed for a mean that is too low alarms far too often: the design is for its 90 % upper
    confidence bound. CUSUM waits for the baseline, and so do all detectors of a regression.

    With rows that are independent, CUSUM's average number of rows to a false alarm is at least
    ``run_length``; the larger the panes, the longer (see ``rows``). Errors that come in clusters
    alarm more often. The evidence (see :mod:`.by_evidence`) is held to ``terms``; that of a
    regression needs ``residuals``, and learns them with the first rows where it has none.
    """

    settings: DegradationSettings
    regression: bool
    baseline: Baseline | None
    residuals: ResidualCounts | None
    terms: Terms
    fingerprint: bytes

    @classmethod
    def of(
        cls,
        settings: DegradationSettings,
        task: Task,
        baseline: Baseline | None = None,
        residuals: ResidualCounts | None = None,
        terms: Terms | None = None,
    ) -> Degradation:
        """Of a model with this task; any but a regression is a classifier.

        The baseline is that of the settings, else ``baseline``, else it is learned; the residuals
        of a regression are given or learned. The terms are those of a model with default settings
        unless given. Raises
        ConfigurationError for a detector that cannot watch a regression.
        """
        regression = task is Task.REGRESSION
        wrong = [name for name in settings.detectors if name in FOR_CLASSIFIERS]
        if regression and wrong:
            raise ConfigurationError(
                f"performance.degradation.detectors has {' and '.join(wrong)}, which watch the "
                f"errors of classifiers only: for a regression choose evidence, cusum, "
                f"page_hinkley or adwin"
            )
        known = given(settings, regression=regression) or baseline
        if regression and known is not None:
            known = known.with_spread()
        terms = Terms.of(ModelSettings()) if terms is None else terms
        usual = None if residuals is None else residuals.grid().fingerprint
        own = settings.model_dump(mode="json")
        said = [VERSION, river_version, own, regression, known, usual, terms]
        fingerprint = hashlib.sha256(json.dumps(said, sort_keys=True).encode()).digest()[:16]
        return cls(settings, regression, known, residuals, terms, fingerprint)

    def start(self) -> DegradationState:
        """The state before the first pane."""
        return self._begun(DegradationState(None, Learning(), self.baseline, ()))

    def fold(
        self, state: DegradationState, panes: Sequence[PaneErrors]
    ) -> tuple[DegradationState, Mapping[str, tuple[int, ...]]]:
        """The state after the panes, and for each detector the starts of the panes it alarmed in.

        The given state is not changed, and goes on the same from any split of the panes:
        folding a and then b is folding a + b, bit for bit. ValueError unless the panes ascend
        strictly from the state's last one on, and for impossible counts.
        """
        check_panes(panes, state.last_ms)
        learned, waited = self._learned(state, panes)
        after = self._begun(learned)
        ended: list[bytes] = []
        alarms: dict[str, tuple[int, ...]] = {}
        for at, name in enumerate(self.settings.detectors):
            machine = self._machine(name, after)
            held, found = after.machines[at], list[int]()
            if machine is not None:
                begun = bool(state.machines[at])  # else it was waiting for what is usual
                held, found = machine.fold(held, panes if begun else panes[waited:])
            ended.append(held)
            alarms[name] = tuple(found)
        last_ms = panes[-1].start_ms if panes else state.last_ms
        state = DegradationState(last_ms, after.learning, after.baseline, tuple(ended))
        return state, MappingProxyType(alarms)

    def standings(
        self, state: DegradationState, end_ms: int | None = None
    ) -> Mapping[str, Standing]:
        """Where each detector stands at the end of a window, or of the state's last pane.

        The state has to be that of all panes that begin before the end, and of no others.
        """
        machines = {name: self._machine(name, state) for name in self.settings.detectors}
        return {
            name: Standing(learning=True) if machine is None else machine.standing(held, end_ms)
            for (name, machine), held in zip(machines.items(), state.machines, strict=True)
        }

    def dump(self, state: DegradationState) -> bytes:
        """The state as bytes: 16 of the fingerprint, 16 of a digest, then JSON."""
        body = json.dumps(
            [
                state.last_ms,
                state.learning[:-1],
                [part.hex() for part in state.learning.residuals],
                state.baseline,
                [held.hex() for held in state.machines],
            ]
        ).encode()
        return self.fingerprint + hashlib.sha256(body).digest()[:16] + body

    def load(self, data: bytes) -> DegradationState:
        """The state that ``dump`` wrote, which goes on bit for bit as the one that was written.

        Raises ValueError for bytes that are damaged, or of other settings, task, baseline or
        version of river. The caller then starts anew. What is read is our own: river's detectors
        are unpickled from an allow-list of classes, and only if the digest holds.
        """
        if data[:16] != self.fingerprint:
            raise ValueError("the state is of another configuration: start anew")
        body = data[32:]
        if data[16:32] != hashlib.sha256(body).digest()[:16]:
            raise ValueError("the state is damaged: start anew")
        last_ms, learning, residuals, baseline, machines = json.loads(body)
        counts = ResidualCounts(*map(bytes.fromhex, residuals))
        return DegradationState(
            last_ms,
            Learning(*learning)._replace(residuals=counts),
            None if baseline is None else Baseline(*baseline),
            tuple(bytes.fromhex(held) for held in machines),
        )

    def _learned(
        self, state: DegradationState, panes: Sequence[PaneErrors]
    ) -> tuple[DegradationState, int]:
        """The state with what the panes teach, and how many of them that took."""
        learning, baseline = state.learning, state.baseline
        if baseline is not None and (
            learning.n >= self.settings.learn or not self._lacks_residuals()
        ):
            return state, 0
        for at, pane in enumerate(panes, start=1):
            learning = learning.plus(pane)
            if learning.n >= self.settings.learn:
                if baseline is None:
                    baseline = learning.learned(regression=self.regression)
                return DegradationState(state.last_ms, learning, baseline, state.machines), at
        return DegradationState(state.last_ms, learning, baseline, state.machines), len(panes)

    def _begun(self, state: DegradationState) -> DegradationState:
        """The state in which every detector that can has begun."""
        held = state.machines or (b"",) * len(self.settings.detectors)
        begun: list[bytes] = []
        for name, bytes_ in zip(self.settings.detectors, held, strict=True):
            machine = None if bytes_ else self._machine(name, state)
            begun.append(bytes_ if machine is None else machine.start())
        return DegradationState(state.last_ms, state.learning, state.baseline, tuple(begun))

    def _lacks_residuals(self) -> bool:
        """Whether residuals have to be learned."""
        wanted = self.regression and EVIDENCE in self.settings.detectors
        return wanted and self.residuals is None

    def _machine(self, name: str, state: DegradationState) -> Machine | None:
        """The detector of this name; none while it waits for what is usual."""
        baseline = state.baseline
        if baseline is None and (self.regression or name in (EVIDENCE, "cusum")):
            return None
        if name == EVIDENCE and baseline is not None:
            return self._evidence(baseline, state.learning)
        if name == "cusum" and baseline is not None:
            return self._cusum(baseline)
        values = Standardised(baseline) if self.regression and baseline is not None else None
        if name == "page_hinkley":
            return PageHinkleyPanes.of(self.settings.page_hinkley, values)
        parameters = {
            "adwin": self.settings.adwin,
            "ddm": self.settings.ddm,
            "hddm_a": self.settings.hddm_a,
        }
        return RiverPanes(name, parameters[name].model_dump(), values)

    def _evidence(self, baseline: Baseline, learning: Learning) -> Machine | None:
        if not self.regression:
            return EvidencePanes.of_rate(baseline, self.settings.min_rise, self.terms)
        residuals = self.residuals
        if residuals is None:
            if learning.n < self.settings.learn:
                return None
            residuals = learning.residuals
        least = self.settings.min_relative_rise
        return EvidencePanes.of_residuals(residuals, baseline, least, self.terms)

    def _cusum(self, baseline: Baseline) -> Machine:
        settings = self.settings
        if self.regression:
            skewness = 2 * baseline.deviation / baseline.mean if baseline.mean else 0.0
            plan = plan_of_mean(
                baseline.upper(),
                baseline.deviation,
                min(skewness, 1e3),
                settings.smallest_shift,
                settings.run_length,
            )
            return SumCusum(plan, regression=True)
        chosen = plan_of_rate(baseline.upper_rate(), settings.smallest_rise, settings.run_length)
        return (
            RowCusum(chosen) if isinstance(chosen, RowPlan) else SumCusum(chosen, regression=False)
        )
