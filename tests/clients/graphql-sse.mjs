// The npm package `graphql-sse`: queries and a stream over Server-Sent Events, with its own reconnecting.
import { createClient } from 'graphql-sse';
import { checkQueries, checkResume } from './operations.mjs';
import { bearer, check, expect, expectEqual, finish, text, url } from './shared.mjs';

async function once(client, query, variables) {
  for await (const result of client.iterate({ query, variables })) return result;
}

const client = createClient({ url, headers: bearer, retryAttempts: 0 });
await checkQueries('graphql-sse', (query, variables) => once(client, query, variables));

await checkResume('graphql-sse', url, async (at, last, take) => {
  const following = createClient({ url: at(url), headers: bearer, retryAttempts: 10, retry: async () => {} });
  // Written anew whenever the client subscribes again.
  const variables = {
    get after() {
      return last();
    },
  };
  try {
    for await (const { data } of following.iterate({ query: text('follow'), variables })) if (take(data)) break;
  } finally {
    following.dispose();
  }
});

await check('graphql-sse: a wrong token is refused with 401', async () => {
  const stranger = createClient({ url, headers: { Authorization: 'Bearer ag_wrong' }, retryAttempts: 0 });
  const error = await once(stranger, text('viewer')).then(
    (result) => expect(false, `it got ${JSON.stringify(result)}`),
    (error) => error,
  );
  expectEqual(error.response?.status, 401, 'the status');
});
finish();
