"""What a call says of itself before it runs: id, event time, slices, features."""

from dataclasses import dataclass, field
from typing import Any

from barograph import semconv, telemetry
from barograph.batch_inputs import write_columns
from barograph.capture import Capture
from barograph.column import as_category, clean_array
from barograph.event_time import event_time
from barograph.inputs import Attributes, InputWriter, attribute_key
from barograph.messages import input_messages
from barograph.record import fields_of
from barograph.redaction import redact
from barograph.runtime import Runtime
from barograph.scalar import is_nan, scalar
from barograph.selection import MISSING, Selector, find, select_features
from barograph.site import Site
from barograph.table import Batch, columns_of, read_batch, thin
from barograph.text import is_category

__all__ = ["Details", "identity_of", "scalar_details", "table_details"]


_MESSAGES = "gen_ai.input.messages"


@dataclass(slots=True)
class Details:
    """The attributes known before the call, the prediction's id, and the rows of a batch."""

    attributes: Attributes = field(default_factory=dict)
    prediction_id: str | None = None
    id_unseen: bool = False
    """Whether the id was looked for among the arguments and not found."""
    batch: Batch | None = None


def identity_of(value: Any, runtime: Runtime) -> str | None:
    """Return an application's key as it is sent; None if `value` is none."""
    # A key is text: a whole number of any size is kept exactly.
    plain = str(value) if type(value) is int else scalar(value)
    if plain is None or plain == "" or is_nan(plain):
        return None
    return runtime.redactor.identity(semconv.PREDICTION_ID, as_category(plain))


def identities_of(values: list[Any], runtime: Runtime) -> list[str]:
    """Return the keys of a batch's rows as they are sent; "" where there is none."""
    if set(map(type, values)) <= {str} and not runtime.redactor.masked:
        # One pass over all of them decides that none needs a look by itself.
        joined = "\n".join(values)
        if redact(joined) == joined and joined.replace("\n", "").isprintable():
            return values
    return [identity_of(value, runtime) or "" for value in values]


def scalar_details(
    site: Site,
    runtime: Runtime,
    arguments: dict[str, Any],
    args: tuple[Any, ...],
    kwargs: dict[str, Any],
) -> Details:
    """Describe a call of one prediction. A selector that fails costs its own part alone."""
    details = Details()
    attributes = details.attributes

    def chosen(place: str, selector: Selector) -> Any:
        try:
            return find(selector, arguments, args, kwargs)
        except Exception as error:  # noqa: BLE001  # the user's selector
            telemetry.failed(place, error)
            return MISSING

    if site.id is not None:
        value = chosen("id", site.id)
        details.prediction_id = identity_of(value, runtime)
        details.id_unseen = value is MISSING
    if site.time is not None:
        named = isinstance(site.time, str) or callable(site.time)
        written = event_time(chosen("time", site.time) if named else site.time)
        if written is not None:
            attributes[semconv.EVENT_TIME] = written
    slices = {name: chosen("slices", how) for name, how in site.slice_selectors().items()}
    if callable(site.slices):
        slices = fields_of(chosen("slices", site.slices)) or {}
    write_slices(attributes, slices, runtime)
    if runtime.capture is not Capture.OFF:
        try:
            attributes.update(_features(site, runtime, arguments, args, kwargs))
        except Exception as error:  # noqa: BLE001  # a user's selector, or a hostile value
            telemetry.failed("features", error)
    return details


def write_slices(attributes: Attributes, slices: dict[Any, Any], runtime: Runtime) -> None:
    """Write slices, which are categories; one that is a longer text is left out."""
    for name, value in slices.items():
        plain = None if value is MISSING else scalar(value)
        if plain is None or is_nan(plain):
            continue
        key = attribute_key(semconv.SLICE_PREFIX, str(name))
        text = runtime.redactor.value(key, as_category(plain))
        if text is not None and is_category(str(text)):
            attributes[key] = str(text)


def _features(
    site: Site,
    runtime: Runtime,
    arguments: dict[str, Any],
    args: tuple[Any, ...],
    kwargs: dict[str, Any],
) -> Attributes:
    writer = InputWriter(runtime.redactor, runtime.capture, generation=site.generation)
    if site.generation and runtime.content:
        spoken = input_messages(arguments)
        kept = None if spoken is None else runtime.redactor.value(_MESSAGES, spoken)
        if kept is not None:
            return {_MESSAGES: kept, **_chosen(site, writer, arguments, args, kwargs)}
    return _chosen(site, writer, arguments, args, kwargs)


def _chosen(
    site: Site,
    writer: InputWriter,
    arguments: dict[str, Any],
    args: tuple[Any, ...],
    kwargs: dict[str, Any],
) -> Attributes:
    if site.features is not None:
        named = callable(site.features) or site.computed
        features = site.features if named else site.feature_names()
        return writer.write(select_features(features, arguments, args, kwargs))
    roles = {site.id, site.time} if isinstance(site.time, str) else {site.id}
    chosen = {name: value for name, value in arguments.items() if name not in roles}
    found = writer.write(chosen)
    for role in roles:
        if isinstance(role, str):
            found.pop(attribute_key(semconv.INPUT_PREFIX, role), None)
    return found


def table_details(  # noqa: C901  # one branch a role of a column
    site: Site,
    runtime: Runtime,
    arguments: dict[str, Any],
    args: tuple[Any, ...],
    kwargs: dict[str, Any],
) -> Details:
    """Describe a call of many predictions: an array with one value a row for each attribute."""
    names = site.feature_names()
    batch = read_batch(arguments, names)
    if batch is None:
        return Details()
    details = Details(batch=batch)
    attributes = details.attributes
    columns = dict(batch.columns)

    def column(place: str, selector: Selector) -> list[Any] | None:
        if isinstance(selector, str):
            return columns.get(selector)
        try:
            chosen = find(selector, arguments, args, kwargs)
            read = columns_of(thin(chosen, batch.step, batch.offset), place)
        except Exception as error:  # noqa: BLE001  # the user's selector
            telemetry.failed(place, error)
            return None
        values = next(iter(read.values())) if read else []
        return values if len(values) == batch.rows else None

    roles: set[Any] = set()
    if columns and isinstance(site.id, str) and site.id not in columns:
        telemetry.failed("id", KeyError(site.id))
    if site.id is not None and (ids := column("id", site.id)) is not None:
        roles.add(site.id)
        attributes[semconv.PREDICTION_ID] = identities_of(ids, runtime)
    if site.time is not None:
        _batch_time(site, attributes, column, batch.rows)
        roles.add(site.time if isinstance(site.time, str) else None)
    for name, how in site.slice_selectors().items():
        if (values := column("slices", how)) is not None:
            key = attribute_key(semconv.SLICE_PREFIX, name)
            texts = _categories(values)
            attributes[key] = clean_array(key, texts, runtime.redactor)
    if runtime.capture is Capture.OFF:
        return details
    if callable(site.features) or (site.computed and site.features is not None):
        chosen = select_features(site.features, arguments, args, kwargs)
        columns = columns_of(thin(chosen, batch.step, batch.offset), "features") or {}
    elif names:
        columns = {name: columns[name] for name in names if name in columns}
    else:
        columns = {name: values for name, values in columns.items() if name not in roles}
    attributes.update(
        write_columns(columns, runtime.redactor, runtime.capture, generation=site.generation)
    )
    return details


def _batch_time(site: Site, attributes: Attributes, column: Any, rows: int) -> None:
    if isinstance(site.time, str) or callable(site.time):
        values = column("time", site.time)
        if values is not None and any(values):
            attributes[semconv.EVENT_TIME] = [event_time(value) or "" for value in values]
    elif (written := event_time(site.time)) is not None:
        attributes[semconv.EVENT_TIME] = [written] * rows


def _categories(values: list[Any]) -> list[str]:
    """A slice of each row, spelled once for each value where that is all there is to a value."""
    if set(map(type, values)) != {str}:
        return [_category(value) for value in values]
    spelled = {value: _category(value) for value in set(values)}
    return [spelled[value] for value in values]


def _category(value: Any) -> str:
    """A slice of one row; "" where it is missing or no category."""
    plain = scalar(value)
    if plain is None or is_nan(plain):
        return ""
    text = as_category(plain)
    return text if is_category(text) else ""
