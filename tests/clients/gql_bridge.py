"""The PyPI package `gql`, driven line by line: gql.mjs says what to ask, this says what the package tells.

    python gql_bridge.py TRANSPORT URL

TRANSPORT is `aiohttp`, `websockets` or `aiohttp-websockets`. Reads one JSON object a line: {"document", "variables"}
is executed and answered with one line {"data", "errors"}; with "follow": true it is subscribed to, and every result is
a line; {"schema": true} fetches the schema and answers with the number of its types. What goes wrong otherwise is a
line {"broken"}, and the end.
"""

import asyncio
import json
import os
import sys

from gql import Client, gql
from gql.transport.aiohttp import AIOHTTPTransport
from gql.transport.aiohttp_websockets import AIOHTTPWebsocketsTransport
from gql.transport.exceptions import TransportQueryError
from gql.transport.websockets import WebsocketsTransport

AUTHORIZATION = {"Authorization": f"Bearer {os.environ['AUDITGRAPH_TOKEN']}"}


def transport(name, url):
    if name == "aiohttp":
        return AIOHTTPTransport(url=url, headers=AUTHORIZATION)
    # By default it also offers the protocol's predecessor, and then finds the server's choice only in a header that is
    # spelled exactly `Sec-WebSocket-Protocol`, as HTTP does not ask for.
    protocols = [WebsocketsTransport.GRAPHQLWS_SUBPROTOCOL]
    kinds = {"websockets": WebsocketsTransport, "aiohttp-websockets": AIOHTTPWebsocketsTransport}
    return kinds[name](url=url, init_payload=AUTHORIZATION, subprotocols=protocols)


def tell(answer):
    print(json.dumps(answer), flush=True)


async def answer(session, asked):
    if asked.get("schema"):
        await session.fetch_schema()
        tell({"types": len(session.client.schema.type_map)})
        return
    request = gql(asked["document"])
    request.variable_values = asked.get("variables")
    try:
        if asked.get("follow"):
            async for data in session.subscribe(request):
                tell({"data": data})
        else:
            tell({"data": await session.execute(request)})
    except TransportQueryError as error:
        tell({"data": error.data, "errors": error.errors})


async def main(name, url):
    async with Client(transport=transport(name, url), execute_timeout=30) as session:
        while line := await asyncio.to_thread(sys.stdin.readline):
            await answer(session, json.loads(line))


try:
    asyncio.run(main(*sys.argv[1:]))
except Exception as error:
    tell({"broken": f"{type(error).__name__}: {error}"[:500]})
    sys.stdout.flush()
    os._exit(1)
