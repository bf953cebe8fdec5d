"""``supops issues``: the group, put together from the modules of its commands."""

from supops.commands.issues_moves import app as moves_app
from supops.commands.issues_review import app as review_app
from supops.commands.issues_views import app as views_app
from supops.commands.options import new_group

app = new_group("The team's issues: what is where, what may move, and what contradicts the flow.")
app.add_typer(views_app)
app.add_typer(moves_app)
app.add_typer(review_app)
