"""The PyPI package `standardwebhooks`: webhooks.mjs says which messages, this says of each whether it is genuine.

Reads a JSON list of {"secret", "headers", "body"}; writes a JSON list of booleans.
"""

import json
import sys

from standardwebhooks import Webhook, WebhookVerificationError


def is_genuine(secret, headers, body):
    try:
        Webhook(secret).verify(body, headers)
        return True
    except WebhookVerificationError:
        return False


print(json.dumps([is_genuine(**case) for case in json.load(sys.stdin)]))
