"""The original of Signet: the classic example of sessions in Flask."""

from flask import Flask, redirect, request, session, url_for

app = Flask(__name__)
app.secret_key = "a key for measuring, which signs nothing that anybody will ever see"


@app.route("/")
def index():
    if "username" in session:
        username = session["username"]
        return (
            "登錄用戶名是:" + username + "<br>"
            "<b><a href = '/logout'>點擊這裏註銷</a></b>"
        )
    return "您暫未登錄, <br><a href = '/login'><b>點擊這裏登錄</b></a>"


@app.route("/login", methods=["GET", "POST"])
def login():
    if request.method == "POST":
        session["username"] = request.form["username"]
        return redirect(url_for("index"))
    return """
    <form action = "" method = "post">
      <p><input type="text" name="username"/></p>
      <p><input type="submit" value="登錄"/></p>
    </form>
    """


@app.route("/logout")
def logout():
    session.pop("username", None)
    return redirect(url_for("index"))
