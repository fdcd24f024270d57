"""Evaluates what can be told of a module without running it: constants, names, and a few well-known calls.

Everything else is Unknown, with the node that it is about. No attribute of a real object is looked up but the methods
of texts, lists and dictionaries that are listed in `known.py`.
"""

import ast
import os

import known
import sources
from expressions import Expressions, LineDict, Returned
from known import Dotted, FileValue, Function, Missing, PathValue, Unknown, UnknownValue

# What one statement of a module, and all of them together, may cost.
STEPS = 50_000
ALL_STEPS = 500_000


class Budget:
    def __init__(self):
        self.left = STEPS
        self.total = ALL_STEPS

    def renew(self):
        """A new statement of a module begins."""
        self.left = STEPS

    def spend(self, node):
        self.left -= 1
        self.total -= 1
        if self.left < 0 or self.total < 0:
            raise Unknown(node, "too much work")


class Evaluator(Expressions):
    """The names of one module, or of one call of a function in it."""

    def __init__(self, root, name, budget=None, on_call=None, outer=None, depth=0):
        self.root = root
        self.name = name
        self.budget = budget or Budget()
        self.on_call = on_call
        self.outer = outer
        self.depth = depth
        self.names = {}
        if outer is None:
            path = os.path.join(os.path.realpath(root), *name.split("/"))
            self.names = {"__name__": "__main__", "__file__": path, "__doc__": None}

    def run(self, body):
        for statement in body:
            self.statement(statement)

    def run_module(self, tree):
        """Runs a whole module as far as it goes."""
        for statement in tree.body:
            self.budget.renew()
            try:
                self.statement(statement)
            except Missing:
                self.forget(statement)
            except (Unknown, Returned):
                pass

    def statement(self, node):
        self.budget.spend(node)
        method = getattr(self, "run_" + type(node).__name__, None)
        try:
            if method:
                method(node)
            else:
                self.forget(node)
        except Missing:
            raise
        except Unknown as unknown:
            # Whether a function ends here cannot be told: nor can its result.
            if self.outer is not None and any(isinstance(inner, ast.Return) for inner in ast.walk(node)):
                raise
            self.forget(node, unknown)

    def forget(self, node, unknown=None):
        """Every name that a statement may have set is unknown from now on."""
        for inner in ast.walk(node):
            if isinstance(inner, ast.Name) and isinstance(inner.ctx, ast.Store):
                self.names[inner.id] = unknown_value(inner, unknown)
            elif isinstance(inner, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
                self.names[inner.name] = unknown_value(inner, unknown)

    def run_Import(self, node):
        for alias in node.names:
            if alias.asname:
                self.names[alias.asname] = Dotted(alias.name)
            else:
                top = alias.name.split(".")[0]
                self.names[top] = Dotted(top)

    def run_ImportFrom(self, node):
        if node.level:
            package = self.name.split("/")[:-1]
            package = package[: len(package) - (node.level - 1)]
            module = ".".join(package + ([node.module] if node.module else []))
        else:
            module = node.module
        for alias in node.names:
            if alias.name != "*":
                self.names[alias.asname or alias.name] = Dotted(module + "." + alias.name if module else alias.name)

    def run_Assign(self, node):
        value = self.evaluate_for(node.value)
        for target in node.targets:
            self.assign(target, value)

    def run_AnnAssign(self, node):
        if node.value is not None:
            self.assign(node.target, self.evaluate_for(node.value))

    def evaluate_for(self, node):
        try:
            return self.evaluate(node)
        except Missing:
            raise
        except Unknown as unknown:
            return UnknownValue(unknown)

    def assign(self, target, value):
        if isinstance(target, ast.Name):
            self.names[target.id] = value
        elif isinstance(target, (ast.Tuple, ast.List)):
            if not isinstance(value, (tuple, list)) or len(value) != len(target.elts):
                raise Unknown(target)
            for inner, item in zip(target.elts, value):
                self.assign(inner, item)
        elif isinstance(target, ast.Subscript):
            holder, key = self.evaluate(target.value), self.evaluate(target.slice)
            if not isinstance(holder, dict) or not isinstance(key, str):
                raise Unknown(target)
            holder[key] = value
            if isinstance(holder, LineDict):
                holder.lines[key] = target.lineno

    def run_AugAssign(self, node):
        if not isinstance(node.target, ast.Name):
            return self.forget(node)
        old = self.lookup(node.target)
        self.names[node.target.id] = self.combine(node, node.op, old, self.evaluate(node.value))

    def run_Expr(self, node):
        try:
            self.evaluate(node.value)
        except Missing:
            raise
        except Unknown as unknown:
            # A method of a name may have changed it.
            call = node.value
            if isinstance(call, ast.Call) and isinstance(call.func, ast.Attribute):
                holder = call.func.value
                if isinstance(holder, ast.Name) and not isinstance(self.names.get(holder.id), Dotted):
                    self.names[holder.id] = UnknownValue(unknown)

    def run_If(self, node):
        self.run(node.body if self.evaluate(node.test) else node.orelse)

    def run_With(self, node):
        for item in node.items:
            value = self.evaluate_for(item.context_expr)
            if item.optional_vars is not None:
                self.assign(item.optional_vars, value)
        self.run(node.body)

    def run_Try(self, node):
        try:
            self.run(node.body)
            self.run(node.orelse)
        except Missing:
            for handler in node.handlers[:1]:
                self.run(handler.body)
        self.run(node.finalbody)

    def run_For(self, node):
        values = self.evaluate(node.iter)
        if not isinstance(values, (list, tuple)):
            raise Unknown(node.iter)
        for value in values:
            self.assign(node.target, value)
            self.run(node.body)

    def run_FunctionDef(self, node):
        self.names[node.name] = UnknownValue(Unknown(node)) if node.decorator_list else Function(node, self)

    def run_Return(self, node):
        raise Returned(None if node.value is None else self.evaluate(node.value))

    def run_Pass(self, node):
        pass

    run_Assert = run_Pass
    run_Global = run_Pass


def unknown_value(node, unknown):
    return UnknownValue(unknown or Unknown(node))


def constants(root, name, budget=None, depth=0):
    """The names of a module of the project, as far as they can be told."""
    evaluator = Evaluator(root, name, budget, None, None, depth)
    evaluator.names["__name__"] = name[:-3].replace("/", ".")
    tree = sources.parse(root, name)
    evaluator.names["__doc__"] = ast.get_docstring(tree)
    evaluator.run_module(tree)
    return evaluator.names
