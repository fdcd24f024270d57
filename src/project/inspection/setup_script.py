"""What a `setup.py` passes to `setup()`, read from its text."""

import ast

import evaluate
import known
import sources
from known import Dotted, Unknown, UnknownValue

SETUP = {"setup", "setuptools.setup", "distutils.core.setup", "skbuild.setup", "numpy.distutils.core.setup"}


def read(root, name):
    """The keywords with their values and lines, or where the source is malformed."""
    known.ROOT[0] = root
    try:
        tree = sources.parse(root, name)
    except sources.Malformed as malformed:
        return {"malformed": malformed.answer}
    found = []
    evaluator = ProjectEvaluator(root, name, on_call=lambda scope, node: record(found, scope, node))
    evaluator.run_module(tree)
    if not found:
        # It is called where the evaluation does not get to: the names of the module still tell most.
        evaluator.on_call = None
        evaluator.budget.total = evaluate.STEPS
        evaluator.budget.renew()
        for node in ast.walk(tree):
            if isinstance(node, ast.Call) and is_setup(evaluator, node):
                record(found, evaluator, node)
                break
    if not found:
        return {"keywords": {}, "line": 0}
    line, keywords = found[-1]
    return {"keywords": keywords, "line": line}


class ProjectEvaluator(evaluate.Evaluator):
    """An evaluator that also reads the constants of the project's modules."""

    def evaluate(self, node):
        value = super().evaluate(node)
        return self.resolve(value, node) if isinstance(value, Dotted) else value

    def resolve(self, dotted, node):
        if dotted.name in known.CONSTANTS:
            return known.CONSTANTS[dotted.name]
        module, _, attribute = dotted.name.rpartition(".")
        if not module or self.depth > 5:
            return dotted
        for base in ("", "src", "lib"):
            name = sources.module_file(self.root, base, module)
            if name is None or name == self.name:
                continue
            try:
                names = evaluate.constants(self.root, name, self.budget, self.depth + 1)
            except (sources.Malformed, OSError):
                raise Unknown(node) from None
            value = names.get(attribute)
            if isinstance(value, Dotted) and value.name != dotted.name:
                return self.resolve_again(value, node)
            if attribute in names and isinstance(value, known.PLAIN):
                return value
            if sources.module_file(self.root, base, dotted.name) is None:
                raise Unknown(node)
        return dotted

    def resolve_again(self, dotted, node):
        self.depth += 1
        try:
            return self.resolve(dotted, node)
        finally:
            self.depth -= 1


def is_setup(scope, node):
    try:
        function = scope.evaluate(node.func)
    except Unknown:
        return False
    return isinstance(function, Dotted) and function.name in SETUP


def record(found, scope, node):
    may_be = isinstance(node.func, ast.Name) or (isinstance(node.func, ast.Attribute) and node.func.attr == "setup")
    if not may_be or not is_setup(scope, node):
        return None
    keywords = {}
    for item in node.keywords:
        if item.arg is not None:
            keywords[item.arg] = described(scope.evaluate_for(item.value), item.value.lineno)
            continue
        try:
            more = scope.evaluate(item.value)
        except Unknown as unknown:
            keywords["**"] = {"unknown": sources.shown(item.value), "line": item.value.lineno}
            continue
        if isinstance(more, dict):
            lines = getattr(more, "lines", {})
            for key, value in more.items():
                keywords[str(key)] = described(value, lines.get(key, item.value.lineno))
    found.append((node.lineno, keywords))
    return True


def described(value, line):
    """A value for the answer: itself, or the expression that cannot be told."""
    if isinstance(value, UnknownValue):
        node = value.unknown.node
        return {"unknown": sources.shown(node), "line": line}
    try:
        return {"value": as_json(value), "line": line}
    except (TypeError, RecursionError):
        text = value.name if isinstance(value, Dotted) else type(value).__name__
        return {"unknown": text, "line": line}


def as_json(value):
    if isinstance(value, known.PathValue):
        return value.text
    if isinstance(value, bytes):
        return value.decode("utf-8", "replace")
    if isinstance(value, (str, int, float, type(None))):
        return value
    if isinstance(value, (list, tuple)):
        return [as_json(item) for item in value]
    if isinstance(value, dict):
        return {str(key): as_json(item) for key, item in value.items() if not isinstance(item, UnknownValue)}
    raise TypeError(type(value).__name__)
