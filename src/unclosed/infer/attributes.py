"""What the models say of the attributes of a library's objects."""

from __future__ import annotations

from unclosed.catalog import Catalog
from unclosed.confidence import Confidence
from unclosed.infer.values import Sort, Value, instance


def library_attribute(catalog: Catalog, type_name: str, name: str, confidence: Confidence = Confidence.CERTAIN) -> Value | None:
    """What an attribute of an instance of a modelled class holds: an instance, or a class (`db.Model`); `None` if no model says."""
    held = catalog.attribute(type_name, name)
    if held is not None:
        return instance(held, confidence)
    named = catalog.class_attribute(type_name, name)
    return Value(Sort.NAME, named, confidence=confidence) if named is not None else None
