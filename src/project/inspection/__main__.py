"""Reads the Python sources of a project by their syntax trees. Started by iiswsgi with `python -I -B FOLDER REQUEST ANSWER`.

The request is a JSON file: `root`, `setup_py` (a name, or null), `run_setup_py` (whether it may be run), `modules`
(names relative to the root) and `django` (folders that hold a `manage.py`). The answer is a JSON file. None of the
project's code runs unless `run_setup_py` is set.
"""

import json
import sys


def main():
    with open(sys.argv[1], encoding="utf-8") as file:
        request = json.load(file)
    answer_path = sys.argv[2]
    answer = {}
    if request["modules"] or request["django"]:
        import applications

        answer.update(applications.find(request["root"], request["modules"], request["django"]))
    if request["setup_py"] is not None:
        # Last, because a script that runs can change anything in this process.
        answer["setup"] = setup(request)
    with open(answer_path, "w", encoding="utf-8") as file:
        json.dump(answer, file)


def setup(request):
    if request["run_setup_py"]:
        import running

        return running.run(request["root"], request["setup_py"])
    import setup_script

    return setup_script.read(request["root"], request["setup_py"])


if __name__ == "__main__":
    sys.setrecursionlimit(3000)
    main()
