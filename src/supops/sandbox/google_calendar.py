"""The simulated Google Calendar. It knows no resource yet: every path is answered as Google answers an unknown one."""

from supops.sandbox.http import Answer, Request, json_answer


def handle(request: Request) -> Answer:
    """Answer a request."""
    message = f"Not Found: {request.path}"
    errors = [{"domain": "global", "reason": "notFound", "message": message}]
    return json_answer(404, {"error": {"code": 404, "message": message, "errors": errors}})
