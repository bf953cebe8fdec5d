"""The simulated Calendly. It knows no resource yet: every path is answered as Calendly answers an unknown one."""

from supops.sandbox.http import Answer, Request, json_answer


def handle(request: Request) -> Answer:
    """Answer a request."""
    return json_answer(
        404, {"title": "Resource Not Found", "message": f"The path {request.path} does not exist."}
    )
