"""The simulated GitLab. It knows no resource yet: every path is answered as GitLab answers an unknown one."""

from supops.sandbox.http import Answer, Request, json_answer


def handle(request: Request) -> Answer:
    """Answer a request."""
    return json_answer(404, {"error": "404 Not Found"}, {"x-request-path": request.path})
