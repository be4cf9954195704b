"""What every part of a document is made of: the frozen model and the kinds of its plainest fields."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

__all__ = ["Days", "Id", "Model", "Positive", "Rule", "Share"]

Id = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.-]*$")]
Positive = Annotated[float, Field(gt=0)]
Share = Annotated[float, Field(gt=0, lt=1)]
Days = Annotated[int, Field(ge=0)]
Rule = str
"""A text in the rule language (see ``trialwright.protocol.rules``)."""


class Model(BaseModel):
    """Frozen, closed, documented by its docstrings."""

    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True)
