"""What the names of modules and functions are bound to, told from their syntax trees: the last binding of each counts."""

import ast
import posixpath

import sources


class Module:
    """A parsed module and what its names are bound to, the last binding of each."""

    def __init__(self, project, name, tree):
        self.project = project
        self.name = name
        self.tree = tree
        self.base = project.base_of(name)
        self.bindings = {}
        self.imports = {}
        self.bind(tree.body)

    def bind(self, body):
        for node in body:
            if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
                self.bindings[node.name] = node
            elif isinstance(node, ast.Import):
                for alias in node.names:
                    top = alias.name.split(".")[0]
                    self.imports[alias.asname or top] = alias.name if alias.asname else top
            elif isinstance(node, ast.ImportFrom):
                self.bind_from(node)
            elif isinstance(node, ast.Assign):
                for target in node.targets:
                    self.bind_target(target, node.value)
            elif isinstance(node, ast.AnnAssign) and node.value is not None:
                self.bind_target(node.target, node.value)
            elif isinstance(node, ast.If):
                if not is_guard(node.test):
                    self.bind(node.body)
                    self.bind(node.orelse)
            elif isinstance(node, (ast.With, ast.Try)):
                self.bind(node.body)
                for handler in getattr(node, "handlers", []):
                    self.bind_new(handler.body)
                self.bind(getattr(node, "orelse", []))
                self.bind(getattr(node, "finalbody", []))

    def bind_new(self, body):
        """Bindings of an `except` count only for names that have none."""
        known = dict(self.bindings)
        self.bind(body)
        self.bindings.update(known)

    def bind_target(self, target, value):
        if isinstance(target, ast.Name):
            # `app = wrap(app)` keeps what it wraps within reach.
            earlier = self.bindings.get(target.id)
            self.bindings[target.id] = value
            if earlier is not None and any(isinstance(n, ast.Name) and n.id == target.id for n in ast.walk(value)):
                self.project.earlier[id(value)] = earlier

    def bind_from(self, node):
        if node.level:
            package = posixpath.dirname(self.name[len(self.base) :].lstrip("/")).split("/")
            package = [part for part in package if part]
            package = package[: max(0, len(package) - (node.level - 1))]
            module = ".".join(package + ([node.module] if node.module else []))
        else:
            module = node.module or ""
        for alias in node.names:
            self.imports[alias.asname or alias.name] = (module + "." if module else "") + alias.name

    def dotted(self, node):
        """The full name of a name or attribute that was imported, else None."""
        attributes = []
        while isinstance(node, ast.Attribute):
            attributes.append(node.attr)
            node = node.value
        if not isinstance(node, ast.Name) or node.id in self.bindings or node.id not in self.imports:
            return None
        return ".".join([self.imports[node.id]] + attributes[::-1])


class Scope(Module):
    """The names in a function, then those of its module."""

    def __init__(self, module, function):
        self.project, self.name, self.base, self.tree = module.project, module.name, module.base, function
        self.bindings, self.imports = {}, {}
        self.bind(function.body)
        for name in [argument.arg for argument in function.args.args + function.args.kwonlyargs]:
            self.bindings.setdefault(name, ast.Constant(None, lineno=function.lineno))
        local = set(self.bindings) | set(self.imports)
        self.bindings = {**{key: value for key, value in module.bindings.items() if key not in local}, **self.bindings}
        self.imports = {**{key: value for key, value in module.imports.items() if key not in local}, **self.imports}


def is_guard(test):
    """`if __name__ == "__main__"` and `if TYPE_CHECKING`: not there when the module is imported."""
    text = sources.shown(test)
    return "__name__" in text or text in ("TYPE_CHECKING", "typing.TYPE_CHECKING")


def line_of_import(module, name):
    for node in ast.walk(module.tree):
        if isinstance(node, (ast.Import, ast.ImportFrom)):
            if any((alias.asname or alias.name.split(".")[0]) == name for alias in node.names):
                return node.lineno
    return 0
