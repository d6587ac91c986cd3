"""What schemathesis insists on, instead of its own checks: every error is the caller's, and every answer is one.

Loaded by fuzz.mjs through SCHEMATHESIS_HOOKS. Ends by printing how many answers there were of each kind.
"""

import atexit
import collections
import json

import schemathesis

ALLOWED = {"BAD_USER_INPUT", "QUERY_TOO_COMPLEX", "RATE_LIMITED"}

seen = collections.Counter()


@schemathesis.check
def errors_are_the_callers(ctx, response, case):
    assert response.status_code < 500, f"the status is {response.status_code}"
    answer = response.json()
    errors = answer.get("errors", [])
    assert errors or answer.get("data") is not None, "neither data nor errors"
    for error in errors:
        code = error.get("extensions", {}).get("code")
        assert code in ALLOWED, f"the code is {code}: {error['message']}"
    seen[errors[0]["extensions"]["code"] if errors else "data"] += 1


atexit.register(lambda: print(f"\nseen: {json.dumps(seen)}"))
