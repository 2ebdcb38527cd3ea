"""What a schema can't say: keys that are used once, and times that are to come."""

import itertools
import re
import time

import schemathesis
from schemathesis.generation.meta import TestPhase
from schemathesis.core.failures import ServerError
from schemathesis.openapi.checks import RejectedPositiveData

NUMBERS = itertools.count(1)
VISIBLE = re.compile(r"[!-~]{1,255}")
OF_ONE_KIND = ("origins: is for publishable keys", "browser_headers: is for secret keys")
IS_OVER = "expires_at: must be to come"


@schemathesis.hook
def before_call(context, case, kwargs):
    """Makes of a request that follows the document one that the document's words allow, too."""
    name = next((name for name in case.headers if name.lower() == "idempotency-key"), None)
    if name and VISIBLE.fullmatch(str(case.headers[name])):
        # The same key for another change is refused, and a generator has its favourites.
        case.headers[name] = f"test-{next(NUMBERS)}"
    if case.meta is None or not case.meta.generation.mode.is_positive:
        return
    if case.query:
        # Nobody but the API makes a cursor.
        case.query.pop("cursor", None)
        if case.meta.phase.name == TestPhase.STATEFUL:
            # A dry run leaves nothing that a link could lead to.
            case.query.pop("dry_run", None)
    case.body = whole(case.body)
    if operation_of(case) != "importKeys":
        postpone(case.body)


def operation_of(case):
    """The operation's id in the document."""
    return case.operation.definition.raw.get("operationId")


def whole(value):
    """Writes 1.0 as 1: an integer for JSON Schema, and for few others."""
    if isinstance(value, dict):
        return {name: whole(member) for name, member in value.items()}
    if isinstance(value, list):
        return [whole(item) for item in value]
    return int(value) if isinstance(value, float) and value.is_integer() else value


def postpone(body):
    """Moves an expiry that is over into the time to come. An imported key may have expired."""
    soon = int(time.time()) + 3600
    if isinstance(body, dict) and isinstance(body.get("expires_at"), int):
        body["expires_at"] = max(body["expires_at"], soon)


@schemathesis.hook
def filter_failure(context, failure, case, response):
    """Takes refusals as they are that no schema can know of."""
    operation = operation_of(case)
    detail = response.json().get("detail", "")
    if isinstance(failure, RejectedPositiveData):
        # A patch is refused for the kind of its key, and a rotation for an expiry that is over.
        return not (
            (operation == "updateKey" and detail.startswith(OF_ONE_KIND))
            or (operation == "rotateKey" and detail.startswith(IS_OVER))
        )
    # Made-up names of GitHub's keys are looked up once a second, and are not decided in between.
    is_asked_too_often = operation == "reportLeaksFromGithub" and response.status_code == 503
    return not (isinstance(failure, ServerError) and is_asked_too_often)
