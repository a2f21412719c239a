"""One call in words: what it calls, on what, how sure that is, and whether it acquires."""

from __future__ import annotations

from collections.abc import Iterator

from unclosed.analysis.meaning import release_named
from unclosed.analysis.obligations import Site
from unclosed.explain.leases import lease_lines
from unclosed.explain.reasons import Reasons
from unclosed.explain.scene import Scene, SeenFunction
from unclosed.explain.words import inset
from unclosed.flow.events import NodeId
from unclosed.flow.graph import EdgeKind
from unclosed.infer.calls import CallInfo
from unclosed.infer.values import Sort, Value
from unclosed.library import Acquires, CallModel, Kind

_OTHER_KINDS = (Kind.POOL, Kind.TRANSACTION)


class CallPage:
    """Tells of the calls of one function."""

    def __init__(self, scene: Scene, function: SeenFunction) -> None:
        self._scene, self._function, self._words = scene, function, scene.words
        self._scope, self._reasons = function.scope, Reasons(scene.words, scene.summaries)

    def lines(self, node: NodeId) -> Iterator[str]:
        """Everything on the call at a node."""
        info = self._scope.call(node)
        spans = self._scene.spans
        start = spans.span(info.event.span).start
        yield f"call {spans.call_text(info.event.span)} at column {start.column + 1}"
        yield from inset(self._facts(node, info))

    def _facts(self, node: NodeId, info: CallInfo) -> Iterator[str]:
        yield f"calls: {self._called(info)}"
        callee = info.event.callee
        if callee.receiver is not None:
            yield from self._labelled("receiver", self._reasons.belief(self._scope, callee.receiver))
        elif callee.place is not None:
            yield from self._labelled("callee", self._reasons.belief(self._scope, callee.place))
        yield f"gives: {self._words.value(self._scope.calls.result(info))}"
        yield f"confidence: {info.confidence.label}"
        if info.model is not None:
            for sentence in _effects(info.model):
                yield f"model: {sentence}"
        if self._function.run is not None:
            raises = any(edge.kind is EdgeKind.RAISE for edge in self._function.run.meaning.edges(node))
            yield f"raises: {'perhaps' if raises else 'never'}"
            yield from self._acquires(info)

    def _labelled(self, label: str, lines: Iterator[str]) -> Iterator[str]:
        yield f"{label} {next(lines)}"
        yield from lines

    def _called(self, info: CallInfo) -> str:
        """What the call was resolved to."""
        model = info.model
        if model is not None and info.is_convention:
            return f"unknown, but the naming convention '{model.name}' of the models speaks"
        if info.is_project_subclass and info.target is not None and model is not None:
            return f"{self._words.definition(info.target)}, which extends the modelled {model.name}"
        if model is not None:
            return f"{model.name}, which has a model"
        if info.target is not None:
            return self._words.definition(info.target)
        receiver = info.receiver
        if info.name:
            return f"{info.name}, {self._unmodelled(receiver, info.event.callee.method)}"
        if receiver is not None and receiver.sort is Sort.OBJECT:
            return f"unknown: {receiver.name} does not define {info.event.callee.method}()"
        return "unknown: no model, no definition and no naming convention speaks"

    def _unmodelled(self, receiver: Value | None, method: str) -> str:
        """What the model of a receiver's type says of a method that has no model of its own."""
        model = self._scope.catalog.type(receiver.name) if receiver is not None and receiver.sort is Sort.INSTANCE else None
        if receiver is None or model is None:
            return "which has no model"
        if model.lease is not None and release_named(model.lease, method, owner=False) is not None:
            return f"a release of {model.name}"
        if model.lease is not None and method in model.lease.wrong_release:
            return f"a wrong release of {model.name}"
        given_back = [lease for lease in self._scope.catalog.leases_of_owner(receiver.name) if release_named(lease, method, owner=True)]
        return f"a release of what {model.name} lends" if given_back else "a method without a model"

    # Acquires

    def _acquires(self, info: CallInfo) -> Iterator[str]:
        run = self._function.run
        sites = [outcome.site for outcome in run.outcomes if outcome.site.span == info.event.span] if run is not None else []
        for site in sites:
            yield f"acquires: {self._what(site)}, {site.confidence.label}"
            yield from inset(lease_lines(site.lease))
        if not sites:
            yield f"acquires: nothing{self._why_not(info)}"

    def _what(self, site: Site) -> str:
        """The kind and type of what is acquired."""
        child = ", of a parent from outside" if site.is_child else ""
        latent = ", not open yet" if site.is_latent else ""
        return f"{site.lease.kind.value} {self._words.lease_type(site.lease)}{child}{latent}"

    def _why_not(self, info: CallInfo) -> str:
        """Why a call whose model acquires makes nobody responsible here; empty where the model acquires nothing."""
        model = info.model
        if model is None or model.acquires is Acquires.NO:
            return ""
        if model.lease is None or model.lease.kind in _OTHER_KINDS:
            return " that is followed: pools and transactions have no rule"
        if not info.event.awaited and (model.is_coroutine or model.acquires is Acquires.AWAITED):
            return ": it is not awaited here, so another event acquires or its block gives it back"
        if any(argument.key in model.unless_given for argument in info.event.arguments):
            return ": an argument says that it shares what is there"
        if model.unless_is:
            return ": it works on the connection that it is given"
        if model.child or model.child_of is not None:
            return ": it belongs to a parent that this function acquired, and is closed with it"
        if model.only_given:
            return ": the arguments that open it are not given"
        return " here, though its model may"


def _effects(model: CallModel) -> Iterator[str]:
    """What a model says of a call besides what it returns."""
    said = {
        "the process ends here": model.exits,
        "keeps its arguments": model.keeps,
        "only uses its arguments": model.borrows,
        "as a manager, swallows exceptions": model.suppresses,
        "the result is its receiver": model.returns == "self",
        f"a manager around argument {model.wraps}, whose exit calls {model.exit_calls}()": model.wraps is not None,
        f"enters argument {model.enters} as a block would": model.enters is not None,
        f"awaits argument {model.awaits}": model.awaits is not None,
        f"takes the next value of argument {model.advances}": model.advances is not None,
        f"gives back argument {model.passes} itself": model.passes is not None,
        f"calls argument {model.calls}": model.calls is not None,
        f"has argument {model.starts} called": model.starts is not None,
        f"un-awaited, a manager that lends a {model.lends}": model.lends is not None,
    }
    return (sentence for sentence, holds in said.items() if holds)
