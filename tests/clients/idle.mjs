// What a subscriber costs who only waits: memory of a server of its own, before and after many of them come.
//
// Reads /proc, so it measures on Linux only. The kernel's own memory for a connection is not the server's.
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { auditgraph, start } from './server.mjs';
import { check, expect, expectEqual, finish, Socket } from './shared.mjs';

const MANY = 900;
const MOST_KIB = 20;
const QUERY =
  'subscription { events { cursor node { id time action { code label } actor { name } target { name } } } }';

// A server with nothing to read: what it would do besides costs memory, too.
const folder = mkdtempSync(join(tmpdir(), 'auditgraph-idle-'));
const database = ['--database-url', `sqlite://${join(folder, 'idle.db')}?mode=rwc`];
const server = await start({
  args: ['serve', ...database],
  env: { AUDITGRAPH__LIMITS__CONNECTIONS_PER_TOKEN: '2000' },
});
const created = await auditgraph(['token', 'create', '--role', 'administrator', '--name', 'idle', ...database]);
const token = created.trim().split(/\s+/).at(-1);
const memory = () => Number(/^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${server.pid}/status`, 'utf8'))[1]);

async function subscribers(count) {
  for (let number = 0; number < count; number += 1) {
    const socket = await Socket.open({ to: server.ws });
    socket.send({ type: 'connection_init', payload: { Authorization: `Bearer ${token}` } });
    expectEqual((await socket.next()).type, 'connection_ack', 'the first message');
    socket.subscribe('1', QUERY);
    // Answered in order: when this is back, the subscription has begun.
    socket.send({ type: 'ping' });
    expectEqual((await socket.next()).type, 'pong', 'the answer');
  }
}

await check(`an idle subscriber costs less than ${MOST_KIB} KiB`, async () => {
  // What the first ones bring into being, the others share.
  await subscribers(100);
  const before = memory();
  await subscribers(MANY);
  const each = (memory() - before) / MANY;
  expect(each < MOST_KIB, `each of ${MANY} costs ${each.toFixed(1)} KiB`);
  return `${each.toFixed(1)} KiB, with ${MANY} of them`;
});
await server.stop();
rmSync(folder, { recursive: true });
finish();
