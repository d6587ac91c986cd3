// The npm package `graphql-ws`: everything over one WebSocket, with its own reconnecting.
import { createClient } from 'graphql-ws';
import { WebSocket } from 'ws';
import { checkQueries, checkResume } from './operations.mjs';
import { bearer, check, expect, expectEqual, finish, text, ws } from './shared.mjs';

const options = { webSocketImpl: WebSocket, connectionParams: bearer };

/** The one result of an operation; errors of the request are results, too. */
async function once(client, query, variables) {
  try {
    for await (const result of client.iterate({ query, variables })) return result;
  } catch (errors) {
    if (Array.isArray(errors)) return { errors };
    throw errors;
  }
}

const client = createClient({ url: ws, ...options });
await checkQueries('graphql-ws', (query, variables) => once(client, query, variables));
await client.dispose();

await checkResume('graphql-ws', ws, async (at, last, take) => {
  const following = createClient({
    url: at(ws),
    ...options,
    shouldRetry: () => true,
    retryAttempts: 10,
    retryWait: async () => {},
  });
  // Written anew whenever the client subscribes again.
  const variables = {
    get after() {
      return last();
    },
  };
  try {
    for await (const { data } of following.iterate({ query: text('follow'), variables })) if (take(data)) break;
  } finally {
    await following.dispose();
  }
});

await check('graphql-ws: a wrong token is closed with 4403', async () => {
  const stranger = createClient({
    url: ws,
    webSocketImpl: WebSocket,
    connectionParams: { Authorization: 'Bearer ag_wrong' },
    retryAttempts: 0,
  });
  const error = await once(stranger, text('viewer')).then(
    (result) => expect(false, `it got ${JSON.stringify(result)}`),
    (error) => error,
  );
  expectEqual(error.code, 4403, 'the close code');
  return error.reason;
});
await check('graphql-ws: the server is pinged and answers', async () => {
  let lively;
  const answered = new Promise((resolve, reject) => {
    lively = createClient({
      url: ws,
      ...options,
      lazy: false,
      keepAlive: 20,
      onNonLazyError: reject,
      on: { pong: (received) => received && resolve() },
    });
  });
  await answered;
  await lively.dispose();
});
finish();
