"""How tests ask the simulated GitLab."""

from collections.abc import Callable
from urllib.parse import quote

import httpx

from supops.sandbox.gitlab_seed import AUDITS_PROJECT, GROUP
from supops.sandbox.server import Sandbox

AUDITS = quote(AUDITS_PROJECT, safe="")
ISSUES = f"projects/{AUDITS}/issues"
Ask = Callable[..., httpx.Response]


def client_of(sandbox: Sandbox, token: str = "demo-gitlab-token") -> httpx.Client:
    return httpx.Client(
        base_url=f"{sandbox.urls['gitlab']}/api/v4/", headers={"PRIVATE-TOKEN": token}, timeout=10
    )


def ask(sandbox: Sandbox, token: str, path: str, *, method: str = "GET", **body: object) -> httpx.Response:
    """Ask once, with any token."""
    with client_of(sandbox, token) as client:
        return client.request(method, path, json=body or None)


def project(path: str) -> str:
    return f"projects/{quote(f'{GROUP}/{path}', safe='')}"


def names(answer: httpx.Response, key: str = "name") -> list[object]:
    assert answer.status_code == 200, answer.text
    return [one[key] for one in answer.json()]


def opened(client: httpx.Client, **more: object) -> dict[str, object]:
    answer = client.post(ISSUES, json={"title": "Zendesk Global audit", **more})
    assert answer.status_code == 201, answer.text
    made = answer.json()
    assert isinstance(made, dict)
    return made
