"""The WSGI applications of modules, told from their syntax trees.

An application is a function `(environ, start_response)`, an object of a class that can be called so, an object that a
known framework builds, any of these wrapped or imported from another module of the project, or what a factory returns.
"""

import ast
import posixpath

import frameworks
import sources
from bindings import Module, Scope, line_of_import

NAMES = ("application", "app")
WEAK_NAMES = NAMES + ("wsgi_app", "wsgi", "wsgi_application", "wsgiapp", "WSGI_APP")
FACTORIES = ("create_app", "make_app", "create_application", "make_application", "get_app", "app_factory",
             "create_wsgi_app", "make_wsgi_app", "get_wsgi_application", "get_application")
DEPTH = 6
FORM = "which can be called"


class Found:
    """What a name of a module is: `kind` is `application`, `factory`, `asgi` or `partial` (a factory with arguments).

    A weak one is told by its form alone (two arguments, wrapped in something) and counts under the usual names only.
    """

    def __init__(self, kind, line, reason, origin, weak=False):
        self.weak = weak
        self.kind = kind
        self.line = line
        self.reason = reason
        self.origin = origin


class Project:
    def __init__(self, root):
        self.root = root
        self.modules = {}
        self.earlier = {}
        self.malformed = {}

    def base_of(self, name):
        """The folder that must be on the search path to import a module: the root, `src`, or that of the module."""
        folder = posixpath.dirname(name)
        while folder and sources.module_file(self.root, posixpath.dirname(folder), posixpath.basename(folder)) is not None:
            folder = posixpath.dirname(folder)
        return folder

    def module(self, name):
        if name not in self.modules:
            self.modules[name] = None
            try:
                self.modules[name] = Module(self, name, sources.parse(self.root, name))
            except sources.Malformed as malformed:
                self.malformed[name] = malformed.answer
            except OSError as error:
                self.malformed[name] = {"path": name, "line": 0, "column": 0, "message": str(error)}
        return self.modules[name]

    def import_of(self, module, dotted):
        """The module of the project that a dotted name is in, and the name there."""
        path, _, attribute = dotted.rpartition(".")
        for base in dict.fromkeys((module.base, "", "src")):
            name = path and sources.module_file(self.root, base, path)
            if name and name != module.name:
                return self.module(name), attribute
        return None, None

    # What a binding is.

    def variable_is(self, module, name):
        """What a name of a module is; nothing where the source is nested too deeply to tell."""
        try:
            return self.name_is(module, name)
        except RecursionError:
            return None

    def name_is(self, module, name, depth=0):
        if depth > DEPTH:
            return None
        node = module.bindings.get(name)
        if node is None:
            dotted = module.imports.get(name)
            return dotted and self.import_is(module, dotted, depth)
        origin = module.name + ":" + name
        if isinstance(node, ast.FunctionDef):
            return self.function_is(module, node, origin, depth)
        if isinstance(node, ast.AsyncFunctionDef):
            return Found("asgi", node.lineno, "an asynchronous function", origin) if len(names_of(node.args)) == 3 else None
        if isinstance(node, ast.ClassDef):
            return self.class_is(node, origin)
        return self.value_is(module, node, origin, depth)

    def import_is(self, module, dotted, depth):
        known = frameworks.object_of(dotted)
        if known:
            return Found("application", 0, known, "import:" + dotted)
        target, attribute = self.import_of(module, dotted)
        found = target and self.name_is(target, attribute, depth + 1)
        if found and not found.reason.startswith("imported"):
            reason = "imported from {}, {}".format(target.name, found.reason)
            found = Found(found.kind, found.line, reason, found.origin, found.weak)
        return found

    def function_is(self, module, node, origin, depth):
        for decorator in node.decorator_list:
            name = module.dotted(decorator.func if isinstance(decorator, ast.Call) else decorator)
            if name and name.endswith("wsgify"):
                return Found("application", node.lineno, "decorated with {}".format(name), origin)
        required = names_of(node.args, required=True)
        positional = names_of(node.args)
        named = len(positional) >= 2 and is_environ(positional[0]) and is_start_response(positional[1])
        if len(required) == 2 and (named or (node.name in NAMES and not node.decorator_list)):
            reason = "a function of ({})".format(", ".join(required))
            return Found("application", node.lineno, reason, origin)
        if node.name in FACTORIES or self.returns_application(module, node, depth):
            if required or any(default is None for default in node.args.kw_defaults):
                return Found("partial", node.lineno, "a factory that needs arguments", origin)
            return Found("factory", node.lineno, "a factory: " + self.returns(module, node, depth), origin)
        return None

    def returns_application(self, module, node, depth):
        return node.name.startswith(("create_", "make_", "get_", "build_")) and self.returned(module, node, depth) is not None

    def returns(self, module, node, depth):
        found = self.returned(module, node, depth)
        return "returns what is " + found.reason if found else "named {}".format(node.name)

    def returned(self, module, node, depth):
        """What a function returns, as far as the assignments in it tell."""
        inner = Scope(module, node)
        for statement in ast.walk(node):
            if isinstance(statement, ast.Return) and statement.value is not None:
                found = self.value_is(inner, statement.value, "", depth + 1)
                if found and found.kind == "application":
                    return found
        return None

    @staticmethod
    def class_is(node, origin):
        for item in node.body:
            if isinstance(item, ast.FunctionDef) and item.name == "__init__":
                names = names_of(item.args)
                if len(names) == 3 and is_environ(names[1]) and is_start_response(names[2]):
                    return Found("application", node.lineno, "a class of ({}, {})".format(*names[1:]), origin)
        return None

    def value_is(self, module, node, origin, depth):
        if depth > DEPTH:
            return None
        line = node.lineno
        if isinstance(node, ast.Name):
            return self.follow(module, node.id, origin, depth)
        if isinstance(node, ast.Lambda):
            names = names_of(node.args)
            reason = "a lambda of ({})".format(", ".join(names))
            return Found("application", line, reason, origin, weak=True) if len(names) == 2 else None
        if isinstance(node, ast.IfExp):
            return self.value_is(module, node.body, origin, depth + 1) or self.value_is(module, node.orelse, origin, depth + 1)
        if isinstance(node, ast.Attribute):
            return self.attribute_is(module, node, origin, depth)
        if isinstance(node, ast.Call):
            return self.call_is(module, node, origin, depth)
        return None

    def follow(self, module, name, origin, depth):
        """Another name for something: the origin is that of the first one."""
        found = self.name_is(module, name, depth + 1)
        return found if found and found.kind in ("application", "asgi") else None

    def attribute_is(self, module, node, origin, depth):
        dotted = module.dotted(node)
        if dotted:
            return self.import_is(module, dotted, depth)
        if node.attr in ("server", "wsgi_app", "wsgi", "wsgi_application"):
            found = self.value_is(module, node.value, origin, depth + 1)
            if found or frameworks.has_server(self.built_by(module, node.value)):
                reason = "`{}` of {}".format(node.attr, found.reason if found else "a dash.Dash")
                return Found("application", node.lineno, reason, origin)
        return None

    def built_by(self, module, node):
        """The dotted name of what built the value of a name."""
        if isinstance(node, ast.Name):
            node = module.bindings.get(node.id)
        return module.dotted(node.func) if isinstance(node, ast.Call) else None

    def call_is(self, module, node, origin, depth):
        line = node.lineno
        dotted = module.dotted(node.func)
        if dotted:
            kind, reason = frameworks.constructor(dotted)
            if kind:
                return Found(kind, line, reason, origin)
        if isinstance(node.func, ast.Attribute) and node.func.attr in frameworks.METHODS:
            return Found("application", line, "built by {}()".format(node.func.attr), origin)
        made = self.made_by(module, node, origin, depth)
        if made:
            return made
        return self.wraps(module, node, origin, depth)

    def made_by(self, module, node, origin, depth):
        """An object of a class of the project, or what a function of the project returns."""
        target, name = module, node.func.id if isinstance(node.func, ast.Name) else None
        dotted = module.dotted(node.func)
        if dotted:
            target, name = self.import_of(module, dotted)
        definition = target.bindings.get(name) if target and name else None
        if definition is None and target and name and target.imports.get(name):
            target, name = self.import_of(target, target.imports[name])
            definition = target.bindings.get(name) if target else None
        if isinstance(definition, ast.ClassDef):
            reason = class_can_be_called(definition) or self.base_of_class(target, definition)
            weak = reason == FORM
            return reason and Found("application", node.lineno, "an object of class {}, {}".format(name, reason), origin, weak)
        if isinstance(definition, ast.FunctionDef):
            inner = self.returned(target, definition, depth)
            if inner or name in FACTORIES:
                reason = "built by {}()".format(name) + (", " + inner.reason if inner else "")
                # Without arguments it is the very object that the factory would give.
                same = target.name + ":" + name if not node.args and not node.keywords else origin
                return Found("application", node.lineno, reason, same)
        return None

    def base_of_class(self, module, definition):
        for base in definition.bases:
            dotted = module.dotted(base)
            kind, reason = frameworks.constructor(dotted) if dotted else (None, None)
            if kind == "application":
                return "a " + dotted
            if isinstance(base, ast.Name) and isinstance(module.bindings.get(base.id), ast.ClassDef):
                reason = class_can_be_called(module.bindings[base.id])
                if reason:
                    return reason
        return None

    def wraps(self, module, node, origin, depth):
        """Something that is called with an application: middleware."""
        values = node.args[:1] + [item.value for item in node.keywords if item.arg in ("app", "application", "wsgi_app")]
        for value in values:
            if not isinstance(value, (ast.Name, ast.Attribute, ast.Call)):
                continue
            earlier = self.earlier.get(id(node))
            if earlier is not None and isinstance(value, ast.Name) and earlier is not node:
                inner = self.binding_is(module, earlier, origin, depth + 1)
            else:
                inner = self.value_is(module, value, origin, depth + 1)
            if inner and inner.kind == "application":
                reason = "{} wrapped in {}".format(inner.reason, sources.shown(node.func, 60))
                return Found("application", node.lineno, reason, origin, weak=True)
        return None

    def binding_is(self, module, node, origin, depth):
        if isinstance(node, ast.FunctionDef):
            return self.function_is(module, node, origin, depth)
        return self.value_is(module, node, origin, depth) if isinstance(node, ast.expr) else None


def names_of(arguments, required=False):
    names = [argument.arg for argument in arguments.posonlyargs + arguments.args]
    return names[: len(names) - len(arguments.defaults)] if required else names


def is_environ(name):
    return name.lstrip("_").lower() in ("environ", "env", "environment", "wsgi_environ", "e")


def is_start_response(name):
    return name.lstrip("_").lower() in ("start_response", "startresponse", "start_resp", "start", "sr", "response")


def class_can_be_called(definition):
    for item in definition.body:
        if isinstance(item, ast.FunctionDef) and item.name == "__call__":
            names = names_of(item.args)
            if len(names) >= 3 and is_environ(names[1]) and is_start_response(names[2]):
                return "called with ({}, {})".format(*names[1:3])
            if len(names_of(item.args, required=True)) == 3:
                return FORM
        if isinstance(item, ast.Assign) and any(isinstance(t, ast.Name) and t.id == "__call__" for t in item.targets):
            return FORM
    return None


def find(root, modules, django):
    project = Project(root)
    answer = {"modules": {}, "django": [], "malformed": []}
    for name in modules:
        module = project.module(name)
        if module is None:
            continue
        base = module.base
        path = name[len(base) :].lstrip("/")[: -len(".py")]
        dotted = path.replace("/", ".")
        dotted = dotted[: -len(".__init__")] if dotted.endswith(".__init__") else dotted
        entries = []
        wanted = list(NAMES) + [n for n in list(module.bindings) + list(module.imports) if n not in NAMES]
        for variable in wanted:
            if variable.startswith("__"):
                continue
            found = project.variable_is(module, variable)
            imported = variable not in module.bindings
            if not found or (imported and variable not in NAMES + FACTORIES):
                continue
            if found.weak and variable not in WEAK_NAMES:
                continue
            node = module.bindings.get(variable)
            line = found.line if node is None else node.lineno
            entries.append({"name": variable, "line": line if not imported else line_of_import(module, variable),
                            "kind": found.kind, "reason": found.reason, "origin": found.origin})
        if entries:
            answer["modules"][name] = {"module": dotted, "base": base, "entries": entries}
    if django:
        import django_project

        answer["django"] = [django_project.read(project, folder) for folder in django]
    answer["malformed"] = [{"module": name, **project.malformed[name]} for name in sorted(project.malformed)]
    return answer
