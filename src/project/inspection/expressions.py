"""Evaluates expressions in the scope of a module or function, without running code of the project.

Values are plain ones, or those of `known.py` that stand for what is not a plain one.
"""

import ast
import os

import known
from known import Dotted, Function, Missing, PathValue, Unknown, UnknownValue


class Returned(Exception):
    def __init__(self, value):
        super().__init__()
        self.value = value


class LineDict(dict):
    """A dictionary that knows the lines of its keys."""

    def __init__(self):
        super().__init__()
        self.lines = {}


class Expressions:
    """What expressions come to. Names, arguments and statements are those of the scope, which is a subclass."""

    def evaluate(self, node):
        self.budget.spend(node)
        method = getattr(self, "eval_" + type(node).__name__, None)
        if method is None:
            raise Unknown(node)
        try:
            return method(node)
        except (Unknown, Returned):
            raise
        except OSError as error:
            raise Missing(node, str(error)) from None
        except Exception as error:
            raise Unknown(node, str(error)) from None

    def eval_Constant(self, node):
        return node.value

    def lookup(self, node):
        scope = self
        while scope is not None:
            if node.id in scope.names:
                value = scope.names[node.id]
                if isinstance(value, UnknownValue):
                    raise value.unknown
                return value
            scope = scope.outer
        return Dotted(node.id)

    def eval_Name(self, node):
        return self.lookup(node)

    def eval_List(self, node):
        values = []
        for item in node.elts:
            if isinstance(item, ast.Starred):
                values.extend(self.evaluate(item.value))
            else:
                values.append(self.evaluate(item))
        return values

    def eval_Tuple(self, node):
        return tuple(self.eval_List(node))

    def eval_Set(self, node):
        return sorted(set(self.eval_List(node)))

    def eval_Dict(self, node):
        values = LineDict()
        for key, value in zip(node.keys, node.values):
            if key is None:
                self.merge(values, self.evaluate(value), value.lineno)
            else:
                text = self.evaluate(key)
                values[text] = self.evaluate_for(value)
                values.lines[text] = key.lineno
        return values

    @staticmethod
    def merge(values, more, line):
        for key, value in dict(more).items():
            values[key] = value
            values.lines[key] = getattr(more, "lines", {}).get(key, line)

    def eval_JoinedStr(self, node):
        return "".join(str(known.plain(self.evaluate(part), part)) for part in node.values)

    def eval_FormattedValue(self, node):
        value = known.plain(self.evaluate(node.value), node)
        value = {-1: value, 115: str(value), 114: repr(value), 97: ascii(value)}[node.conversion]
        return format(value, known.narrow(self.evaluate(node.format_spec), node) if node.format_spec else "")

    def eval_BinOp(self, node):
        return self.combine(node, node.op, self.evaluate(node.left), self.evaluate(node.right))

    def combine(self, node, operator, left, right):
        if isinstance(operator, ast.Add):
            if isinstance(left, PathValue) or isinstance(right, PathValue):
                return PathValue(known.path_text(left, node) + known.path_text(right, node))
            if type(left) is type(right) or isinstance(left, (int, float)):
                return left + right
        if isinstance(operator, ast.Mod) and isinstance(left, str):
            return known.narrow(left, node) % known.plain(right, node)
        if isinstance(operator, ast.Div) and (isinstance(left, PathValue) or isinstance(right, PathValue)):
            return PathValue(os.path.join(known.path_text(left, node), known.path_text(right, node)))
        if isinstance(operator, ast.BitOr):
            if isinstance(left, dict):
                return {**left, **right}
            return int(known.plain(left, node)) | int(known.plain(right, node))
        if isinstance(operator, ast.Mult) and isinstance(right, int) and right < 1000:
            return left * right
        raise Unknown(node)

    def eval_UnaryOp(self, node):
        value = self.evaluate(node.operand)
        if isinstance(node.op, ast.Not):
            return not value
        if isinstance(node.op, ast.USub) and isinstance(value, (int, float)):
            return -value
        raise Unknown(node)

    def eval_BoolOp(self, node):
        stop = isinstance(node.op, ast.Or)
        for item in node.values:
            value = known.plain(self.evaluate(item), item)
            if bool(value) is stop:
                break
        return value

    def eval_IfExp(self, node):
        return self.evaluate(node.body if known.plain(self.evaluate(node.test), node.test) else node.orelse)

    def eval_Compare(self, node):
        left = known.plain(self.evaluate(node.left), node)
        for operator, item in zip(node.ops, node.comparators):
            right = known.plain(self.evaluate(item), item)
            if not known.compare(operator, left, right, node):
                return False
            left = right
        return True

    def eval_Subscript(self, node):
        holder = known.plain(self.evaluate(node.value), node)
        if isinstance(node.slice, ast.Slice):
            ends = [None if end is None else self.evaluate(end) for end in (node.slice.lower, node.slice.upper, node.slice.step)]
            return holder[slice(*ends)]
        value = holder[self.evaluate(node.slice)]
        if isinstance(value, UnknownValue):
            raise value.unknown
        return value

    def eval_ListComp(self, node):
        return list(self.comprehend(node.generators, lambda scope: scope.evaluate(node.elt)))

    eval_GeneratorExp = eval_ListComp

    def eval_SetComp(self, node):
        return sorted(set(self.eval_ListComp(node)))

    def eval_DictComp(self, node):
        pair = lambda scope: (scope.evaluate(node.key), scope.evaluate(node.value))
        return dict(self.comprehend(node.generators, pair))

    def comprehend(self, generators, element):
        if not generators:
            yield element(self)
            return
        first, rest = generators[0], generators[1:]
        values = known.items(self.evaluate(first.iter), first.iter)
        for value in values:
            scope = type(self)(self.root, self.name, self.budget, self.on_call, self, self.depth)
            scope.assign(first.target, value)
            if all(scope.evaluate(test) for test in first.ifs):
                yield from scope.comprehend(rest, element)

    def eval_Attribute(self, node):
        holder = self.evaluate(node.value)
        if isinstance(holder, Dotted):
            return Dotted(holder.name + "." + node.attr)
        if isinstance(holder, PathValue):
            return holder.attribute(node.attr, node)
        raise Unknown(node)

    def eval_Call(self, node):
        if self.on_call:
            result = self.on_call(self, node)
            if result is not None:
                return None
        if isinstance(node.func, ast.Attribute):
            holder = self.evaluate(node.func.value)
            if not isinstance(holder, Dotted):
                return known.method(holder, node.func.attr, *self.arguments(node), node)
        function = self.evaluate(node.func)
        if isinstance(function, Function):
            return self.call(function, node)
        if isinstance(function, Dotted):
            return known.call(self, function.name, *self.arguments(node), node)
        raise Unknown(node)

    def arguments(self, node):
        positional = []
        for item in node.args:
            if isinstance(item, ast.Starred):
                positional.extend(self.evaluate(item.value))
            else:
                positional.append(self.evaluate(item))
        keywords = LineDict()
        for item in node.keywords:
            if item.arg is None:
                self.merge(keywords, self.evaluate(item.value), item.value.lineno)
            else:
                keywords[item.arg] = self.evaluate_for(item.value)
                keywords.lines[item.arg] = item.value.lineno
        return positional, keywords

    def call(self, function, node):
        """Runs a function of the module with its arguments in our own way."""
        if self.depth > 20:
            raise Unknown(node, "too deep")
        scope = type(self)(self.root, function.scope.name, self.budget, self.on_call, function.scope, self.depth + 1)
        positional, keywords = self.arguments(node)
        parameters = function.node.args
        names = [parameter.arg for parameter in parameters.posonlyargs + parameters.args]
        defaults = parameters.defaults
        for name, default in zip(names[len(names) - len(defaults) :], defaults):
            scope.names[name] = function.scope.evaluate_for(default)
        for parameter, default in zip(parameters.kwonlyargs, parameters.kw_defaults):
            if default is not None:
                scope.names[parameter.arg] = function.scope.evaluate_for(default)
        if parameters.vararg:
            scope.names[parameters.vararg.arg] = tuple(positional[len(names) :])
        scope.names.update(zip(names, positional))
        scope.names.update(keywords)
        try:
            scope.run(function.node.body)
        except Returned as returned:
            return returned.value
        return None
