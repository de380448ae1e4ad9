"""Overrides: what a stage writes of a part of the policy, laid over what holds for every school."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError, create_model
from pydantic_core import ErrorDetails, InitErrorDetails, PydanticCustomError

from common.faults import fault

P = TypeVar("P", bound=BaseModel)


class Part(BaseModel):
    """A part of the policy: it never changes, and an unknown key is refused."""

    model_config = ConfigDict(frozen=True, extra="forbid")


def override_of(model: type[BaseModel]) -> type[BaseModel]:
    """The same keys with the same bounds, each of which may be left out. Rules between keys are left to the whole."""
    fields: dict[str, Any] = {
        name: (
            field.rebuild_annotation(),
            Field(field.get_default(call_default_factory=True), json_schema_extra=_without_default),
        )
        for name, field in model.model_fields.items()
    }
    return create_model(f"{model.__name__}Override", __base__=Part, **fields)


def _without_default(schema: dict[str, Any]) -> None:
    """What is left out of an override is as for all schools, which is no value of its own."""
    schema.pop("default", None)


def overrides_of(name: str, parts: Mapping[str, type[BaseModel]]) -> type[BaseModel]:
    """A model with an override for each part."""
    made = {part: override_of(model) for part, model in parts.items()}
    fields: dict[str, Any] = {part: (model, Field(default_factory=model)) for part, model in made.items()}
    return create_model(name, __base__=Part, **fields)


def laid_over(whole: P, override: BaseModel) -> P:
    """`whole` with what was written in `override`. Raises ValidationError when the two do not fit together."""
    written = override.model_fields_set
    if not written:
        return whole
    values = {name: getattr(override if name in written else whole, name) for name in type(whole).model_fields}
    return type(whole).model_validate(values)


@contextmanager
def misplaced(*path: str) -> Iterator[None]:
    """A fault raised inside is one of the part at `path`."""
    try:
        yield
    except PydanticCustomError as error:
        details = [InitErrorDetails(type=error, loc=path, input={})]
    except ValidationError as error:
        details = [
            InitErrorDetails(type=_again(each), loc=(*path, *each["loc"]), input=each["input"])
            for each in error.errors(include_url=False)
        ]
    else:
        return
    raise ValidationError.from_exception_data("Policy", details)


def _again(detail: ErrorDetails) -> PydanticCustomError:
    """A rule between keys, since each key by itself was found good before; it speaks by `fault`, or in English."""
    context = detail.get("ctx", {})
    return fault(str(context.get("zh", detail["msg"])), str(context.get("en", detail["msg"])))
