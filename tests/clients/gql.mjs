// The PyPI package `gql`: queries and the schema over HTTP, everything over WebSocket with both of its implementations.
//
// AUDITGRAPH_PYTHON is the Python that has the packages of requirements.txt.
import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { checkQueries, checkResume } from './operations.mjs';
import { python } from './server.mjs';
import { check, expect, finish, text, url, within, ws } from './shared.mjs';

/** The package at work in a process: `ask(line)` resolves to the answer, `lines` yields answer after answer. */
function bridge(transport, address) {
  const child = spawn(python, [fileURLToPath(new URL('gql_bridge.py', import.meta.url)), transport, address], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  child.stdin.on('error', () => {});
  const lines = (async function* () {
    for await (const line of createInterface({ input: child.stdout })) {
      const answer = JSON.parse(line);
      if (answer.broken) throw new Error(answer.broken);
      yield answer;
    }
  })();
  const ask = async (line) => {
    child.stdin.write(`${JSON.stringify(line)}\n`);
    const { value, done } = await within(lines.next(), 'answer of gql', 40_000);
    expect(!done, 'gql ended');
    return value;
  };
  return { ask, lines, stop: () => child.kill('SIGKILL') };
}

for (const [transport, address] of [
  ['aiohttp', url],
  ['websockets', ws],
  ['aiohttp-websockets', ws],
]) {
  const name = `gql (${transport})`;
  const session = bridge(transport, address);
  await checkQueries(name, (document, variables) => session.ask({ document, variables }));
  await check(`${name}: the schema`, async () => {
    const { types } = await session.ask({ schema: true });
    expect(types > 40, `it has ${types} types`);
    return `${types} types`;
  });
  session.stop();
  if (address === url) continue;
  await checkResume(name, ws, async (at, last, take) => {
    const following = bridge(transport, at(ws));
    try {
      let answer = await following.ask({ document: text('follow'), variables: { after: last() }, follow: true });
      while (!take(answer.data)) {
        const { value, done } = await following.lines.next();
        if (done) return;
        answer = value;
      }
    } finally {
      following.stop();
    }
  });
}
finish();
