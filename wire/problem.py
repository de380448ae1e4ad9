"""RFC 9457 problem details: the one form of a refusal over HTTP."""

from wire.report import Wire

CONTENT_TYPE = "application/problem+json"


class Problem(Wire):
    """Why a request was refused. `title` and `detail` are for people; `errors` names each fault."""

    status: int
    title: str
    detail: str = ""
    errors: tuple[str, ...] = ()
