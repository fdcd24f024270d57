"""A Flask application with a template, a form and a JSON answer."""

from flask import Flask, jsonify, render_template, request

app = Flask(__name__)


@app.get("/")
def index():
    return render_template("index.html", name=request.args.get("name", "IIS"))


@app.post("/upper")
def upper():
    return jsonify(text=request.form.get("text", "").upper())
