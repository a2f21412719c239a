"""What the model files say of web frameworks: how endpoints are registered and how a function asks for its dependencies.

Patterns of methods are `receiver.method`, as in naming conventions. A receiver whose type is one of `routers` counts as `router`, whatever
it is called; a known type that is none of them never fits.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from unclosed.catalog_conventions import NamePatterns
from unclosed.catalog_versions import admits

WEB_KEYS = frozenset({
    "package", "markers", "routers", "view_classes", "routes", "socket_routes", "registrations", "socket_registrations", "inclusions",
    "sockets", "receives", "sends", "exits_early", "collects_items",
})  # fmt: skip


class WebWords:
    """The words of all frameworks together."""

    def __init__(self, lists: Mapping[str, Iterable[str]]) -> None:
        self.packages = tuple(lists.get("package", ()))
        """Names of the packages whose version decides when a dependency is given back."""
        self.markers = frozenset(lists.get("markers", ()))
        """What marks a parameter as filled by a dependency: `fastapi.Depends`."""
        self.routers = frozenset(lists.get("routers", ()))
        self.sockets = frozenset(lists.get("sockets", ()))
        """Types of the parameter through which a WebSocket endpoint talks."""
        self.view_classes = NamePatterns(lists.get("view_classes", ()))
        """Decorators under which the attributes of a class are dependencies of its endpoints."""
        self.routes, self.socket_routes = NamePatterns(lists.get("routes", ())), NamePatterns(lists.get("socket_routes", ()))
        self.registrations = NamePatterns(lists.get("registrations", ()))
        """Calls that register an endpoint that they are handed; the socket ones are not among them."""
        self.socket_registrations = NamePatterns(lists.get("socket_registrations", ()))
        self.inclusions = NamePatterns(lists.get("inclusions", ()))
        """Calls that put the endpoints of one router under another."""
        self.receives, self.sends = NamePatterns(lists.get("receives", ())), NamePatterns(lists.get("sends", ()))
        self._exits_early = tuple(lists.get("exits_early", ()))
        self._collects = tuple(lists.get("collects_items", ()))

    @property
    def marker_names(self) -> frozenset[str]:
        """The last names of the markers: one of them stands in every text that asks for a dependency by name."""
        return frozenset(name.rpartition(".")[2] for name in self.markers)

    def exits_early(self, version: tuple[int, ...] | None) -> bool:
        """Whether this version of the framework (`None`: the newest) gives dependencies back before it sends a response."""
        return version is not None and any(admits(text, version) for text in self._exits_early)

    def collects_items(self, version: tuple[int, ...] | None) -> bool:
        """Whether this version sends what an endpoint yields at once, when it has all of it."""
        return version is not None and any(admits(text, version) for text in self._collects)
