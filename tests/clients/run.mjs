// Runs every check here, one after the other: each is a script of its own. Fails when one of them does.
//
//   node run.mjs [NAME...]
//
// AUDITGRAPH_URL, AUDITGRAPH_WS and AUDITGRAPH_TOKEN say which server is meant (see shared.mjs). Its limits on how much
// one may ask and how often one may fail to authenticate must be out of the way, as in `tests/run`.
import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const ALL = [
  'audit',
  'http',
  'socket',
  'event-stream',
  'multipart',
  'graphql-ws',
  'graphql-sse',
  'apollo',
  'urql',
  'gql',
  'reconnects',
  'idle',
  'bombs',
  'webhooks',
  'exports',
  'fuzz',
];

const failed = [];
for (const name of process.argv.length > 2 ? process.argv.slice(2) : ALL) {
  const began = performance.now();
  console.log(`-- ${name}`);
  const child = spawn(process.execPath, [fileURLToPath(new URL(`${name}.mjs`, import.meta.url))], { stdio: 'inherit' });
  const status = await new Promise((resolve) => child.on('close', resolve));
  console.log(`   ${((performance.now() - began) / 1000).toFixed(1)} s`);
  if (status !== 0) failed.push(name);
}
console.log(failed.length ? `failed: ${failed.join(', ')}` : 'all passed');
process.exit(failed.length ? 1 : 0);
