"""The application of a Django project, from `manage.py` and the settings that it names."""

import ast

import sources


def read(project, folder):
    """The answer for a folder with a `manage.py`: its settings, and the application that they name."""
    name = (folder + "/" if folder else "") + "manage.py"
    module = project.module(name)
    answer = {"folder": folder, "manage": name, "settings": None, "line": 0, "application": None}
    if module is None:
        return answer
    for node in ast.walk(module.tree):
        settings = settings_of(node)
        if settings:
            answer.update(settings=settings, line=node.lineno)
            break
    if not answer["settings"]:
        return answer
    package = answer["settings"].split(".")[0]
    named = application_of(project, folder, answer["settings"])
    if named:
        answer.update(application=named[0], application_file=named[1], application_line=named[2])
    else:
        answer["application"] = package + ".wsgi.application"
    module, _, variable = answer["application"].rpartition(".")
    answer["file"] = sources.module_file(project.root, folder, module)
    found = answer["file"] and project.module(answer["file"])
    node = found and found.bindings.get(variable)
    answer["file_line"] = node.lineno if node is not None else 0
    answer["bound"] = bool(found) and (node is not None or variable in found.imports)
    return answer


def settings_of(node):
    """The module that `os.environ.setdefault("DJANGO_SETTINGS_MODULE", …)`, or an assignment, names."""
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "setdefault":
        texts = [item.value for item in node.args if isinstance(item, ast.Constant) and isinstance(item.value, str)]
        return texts[1] if len(texts) == 2 and texts[0] == "DJANGO_SETTINGS_MODULE" else None
    if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Subscript) and isinstance(node.value, ast.Constant):
        key = node.targets[0].slice
        if isinstance(key, ast.Constant) and key.value == "DJANGO_SETTINGS_MODULE" and isinstance(node.value.value, str):
            return node.value.value
    return None


def application_of(project, folder, settings):
    """`WSGI_APPLICATION` in the settings, or in a module beside them that they import everything from."""
    seen, waiting = set(), [settings]
    while waiting and len(seen) < 10:
        name = sources.module_file(project.root, folder, waiting.pop(0))
        if name is None or name in seen:
            continue
        seen.add(name)
        module = project.module(name)
        if module is None:
            continue
        node = module.bindings.get("WSGI_APPLICATION")
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and "." in node.value:
            return node.value, name, node.lineno
        waiting.extend(dotted[:-2] for star, dotted in module.imports.items() if star == "*")
    return None
