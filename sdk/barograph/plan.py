"""Plans: what is decided about a call once for all calls that look alike.

Two calls look alike if they have the same argument names and the same exact types. The plan says
at which positions the features, the id, the slices and the time are, and under which keys they
are sent; of a call that follows it only the values are looked at. A call for which there is no
plan takes the general way of `barograph.details`, which is also what defines the right answer.
"""

from collections.abc import Mapping
from typing import Any

from barograph import semconv
from barograph.arguments import Arguments
from barograph.capture import Capture
from barograph.event_time import event_time
from barograph.input_plan import MAX_PLANNED, InputPlan, input_plan
from barograph.layout import Layout
from barograph.positions import Kinds, Names
from barograph.result_plan import MAX_FIELDS, ResultPlan, plain_plan, record_plan, text_plan
from barograph.runtime import Runtime
from barograph.site import Site
from barograph.text import summarize_text

__all__ = ["Plans"]

_MAX_PLANS = 256


class Plans:
    """The plans of one call site under one configuration.

    State: at most 256 plans each for inputs and results. Filled in without a lock: two threads
    may make the same plan twice.
    """

    __slots__ = (
        "_arguments",
        "_clean",
        "_inputs",
        "_known",
        "_labels",
        "_redactor",
        "_results",
        "constants",
        "runtime",
        "site",
    )

    def __init__(self, site: Site, runtime: Runtime, arguments: Arguments) -> None:
        self.site = site
        self.runtime = runtime
        self._arguments = arguments
        self._redactor = runtime.redactor
        self._known = runtime.redactor.categories
        self._labels = site.task in {"binary", "multiclass"}
        self._clean = runtime.redactor.is_clean_category
        self._inputs: dict[tuple[Names, Kinds], InputPlan | None] = {}
        self._results: dict[tuple[Names, Kinds], ResultPlan | None] = {}
        self.constants: Mapping[str, Any] = site.constants
        if runtime.sampling.rate < 1:
            self.constants = {**site.constants, semconv.SAMPLE_RATE: runtime.sampling.rate}

    @staticmethod
    def possible(site: Site, runtime: Runtime) -> bool:
        """Whether calls of `site` can follow plans at all."""
        return (
            not site.batch
            and site.output is None
            and runtime.capture is not Capture.OFF
            and not (site.generation and runtime.content)
            and not runtime.redactor.masked
            and (site.id is None or isinstance(site.id, str))
            and (site.time is None or isinstance(site.time, str))
            and not callable(site.features)
            and not site.computed
            and all(isinstance(how, str) for how in site.slice_selectors().values())
            and not callable(site.slices)
            and (site.review is None or semconv.REVIEW_PROPENSITY in site.constants)
        )

    def inputs(
        self, args: tuple[Any, ...], kwargs: dict[str, Any]
    ) -> tuple[InputPlan, tuple[Any, ...]] | None:
        """Return the plan of a call and the values to send, or None for the general way."""
        names, values = self._arguments.flat(args, kwargs)
        if len(names) > MAX_PLANNED:
            return None
        look = (names, tuple(map(type, values)))
        try:
            plan = self._inputs[look]
        except KeyError:
            if len(self._inputs) >= _MAX_PLANS:
                return None
            plan = self._inputs[look] = input_plan(self.site, self._redactor, *look)
        if plan is None or not plan.check(values, self._known, self._clean):
            return None
        if plan.whole:
            return plan, values
        if plan.id is None and plan.time is None:
            return plan, plan.pick(values)
        head = self._head(plan, values)
        return None if head is None else (plan, head + plan.pick(values))

    def _head(self, plan: InputPlan, values: tuple[Any, ...]) -> tuple[Any, ...] | None:
        """Return the id and the time of a call, where the site has them."""
        head: tuple[Any, ...] = ()
        if plan.id is not None:
            value = values[plan.id]
            text = value if type(value) is str else str(value)
            if not text or self._redactor.identity(semconv.PREDICTION_ID, text) != text:
                return None
            head = (text,)
            self.runtime.dropped.kept(self.site.model, text)
        if plan.time is not None:
            written = event_time(values[plan.time])
            if written is None:
                return None
            head = (*head, written)
        return head

    def result(self, result: Any) -> tuple[ResultPlan, tuple[Any, ...]] | None:
        """Return the plan of a result and the values to send, or None for the general way."""
        kind = type(result)
        if kind is str and not self._labels:
            return self._text(result)
        if kind is dict:
            if len(result) > MAX_FIELDS:
                return None
            look = (tuple(result), tuple(map(type, result.values())))
            try:
                plan = self._results[look]
            except KeyError:
                if len(self._results) >= _MAX_PLANS:
                    return None
                plan = self._results[look] = record_plan(self.site, self._redactor, *look)
        else:
            plan = plain_plan(result, kind, self.site.task)
        if plan is None:
            return None
        values = plan.read(result)
        if plan.check is not None and not plan.check(values, self._known, self._clean):
            return None
        return plan, values

    def _text(self, text: str) -> tuple[ResultPlan, tuple[Any, ...]] | None:
        """Return the plan of a text and its summary; None if the text itself is sent."""
        if self.runtime.capture is Capture.FULL:
            return None
        summary = summarize_text(text)
        return text_plan(tuple(summary)), tuple(summary.values())

    def layout(self, plan: InputPlan, result: ResultPlan) -> Layout:
        """Return the layout of spans with these inputs and this result."""
        layout = plan.layouts.get(result)
        if layout is None:
            keys = (*plan.keys, *result.keys)
            constants = {key: self.constants[key] for key in self.constants if key not in keys}
            layout = Layout(self.site.name, constants, keys, (*plan.kinds, *result.kinds))
            if len(plan.layouts) < _MAX_PLANS:
                plan.layouts[result] = layout
        return layout
