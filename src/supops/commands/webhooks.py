"""``supops webhooks``: the group, put together from the modules of its commands."""

from supops.commands.options import new_group
from supops.commands.webhooks_compare import app as compare_app
from supops.commands.webhooks_deliveries import app as deliveries_app
from supops.commands.webhooks_sending import app as sending_app
from supops.commands.webhooks_serve import app as serve_app
from supops.commands.webhooks_store import app as store_app
from supops.commands.webhooks_tending import app as tending_app
from supops.commands.webhooks_zendesk import app as zendesk_app

app = new_group("Deliveries of webhooks: receive, look at, replay; and watch Zendesk's own.")
app.add_typer(serve_app)
app.add_typer(deliveries_app)
app.add_typer(tending_app)
app.add_typer(sending_app)
app.add_typer(zendesk_app)
app.add_typer(compare_app)
app.add_typer(store_app, name="store")
