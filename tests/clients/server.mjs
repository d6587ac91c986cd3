// Servers that a check starts for itself, and a wire that can be cut.
//
// The binary is AUDITGRAPH_BINARY, or else the debug build of this tree; Python is AUDITGRAPH_PYTHON, or else the one
// that `tests/run` sets up beside that build.
import { spawn } from 'node:child_process';
import { connect, createServer } from 'node:net';
import { resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { expect, within } from './shared.mjs';

const root = fileURLToPath(new URL('../..', import.meta.url));
const target = process.env.CARGO_TARGET_DIR ?? 'target';
const built = (path) => resolve(root, target, path);
export const binary = process.env.AUDITGRAPH_BINARY ?? built('debug/auditgraph');
export const python = process.env.AUDITGRAPH_PYTHON ?? built('python/bin/python');

/** Runs the binary to its end, with `input` on its standard input; resolves to what it printed. */
export function auditgraph(args, { env = {}, input } = {}) {
  const child = spawn(binary, args, {
    env: { ...process.env, ...env },
    stdio: [input ? 'pipe' : 'ignore', 'pipe', 'pipe'],
  });
  child.stdin?.end(input);
  const ended = collect(child).then(({ code, out, errors }) => {
    expect(code === 0, `auditgraph ${args[0]} ended with ${code}: ${errors.slice(-500)}`);
    return out;
  });
  return within(ended, `end of auditgraph ${args[0]}`, 120_000);
}

async function collect(child) {
  const parts = { out: '', errors: '' };
  child.stdout.on('data', (data) => (parts.out += data));
  child.stderr.on('data', (data) => (parts.errors += data));
  const code = await new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', resolve);
  });
  return { code, ...parts };
}

/**
 * Starts `auditgraph ARGS --listen 127.0.0.1:0` (the demo unless told otherwise) and waits until it is ready:
 * resolves to `{url, ws, token?, pid, log(), stop()}`. It is killed when this process ends, at the latest.
 */
export async function start({ args = ['demo'], env = {} } = {}) {
  const child = spawn(binary, [...args, '--output', 'json', '--listen', '127.0.0.1:0'], {
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const kill = () => child.kill('SIGKILL');
  process.once('exit', kill);
  let log = '';
  child.stderr.on('data', (data) => (log = (log + data).slice(-20_000)));
  const ended = new Promise((resolve) => child.once('close', resolve));
  const ready = new Promise((resolve, reject) => {
    child.once('error', reject);
    createInterface({ input: child.stdout }).once('line', (line) => resolve(JSON.parse(line)));
    ended.then((code) => reject(new Error(`auditgraph ${args[0]} ended with ${code}: ${log.slice(-500)}`)));
  });
  const stop = async () => {
    process.off('exit', kill);
    child.kill('SIGTERM');
    try {
      await within(ended, 'end of the server');
    } finally {
      kill();
    }
  };
  return { ...(await within(ready, 'ready server', 60_000)), pid: child.pid, log: () => log, stop };
}

/**
 * Stands between a client and the server at `to`, and cuts: the first connection after `limits[0]` bytes from the
 * server, wherever in a message that is, the next after `limits[1]`, and so on; later ones are left alone. The client
 * sees a reset, and what it had not read yet is gone.
 */
export async function wire(to, limits = []) {
  const { hostname, port } = new URL(to);
  const left = [...limits];
  const open = new Set();
  const cut = { count: 0 };
  const listener = createServer((client) => {
    const server = connect(Number(port), hostname);
    const pair = { client, server };
    open.add(pair);
    const end = () => {
      open.delete(pair);
      client.destroy();
      server.destroy();
    };
    for (const socket of [client, server]) socket.on('error', end).on('close', end);
    let allowed = left.shift() ?? Infinity;
    client.pipe(server);
    server.on('data', (data) => {
      if (data.length >= allowed) {
        cut.count += 1;
        client.write(data.subarray(0, allowed), () => {
          client.resetAndDestroy();
          end();
        });
        server.removeAllListeners('data');
        return;
      }
      allowed -= data.length;
      if (!client.write(data)) {
        server.pause();
        client.once('drain', () => server.resume());
      }
    });
  });
  await new Promise((resolve) => listener.listen(0, '127.0.0.1', resolve));
  const at = (address) => {
    const through = new URL(address);
    through.port = listener.address().port;
    return through.href;
  };
  return {
    /** The address that goes through here. */
    at,
    /** How often it was cut. */
    cuts: () => cut.count,
    /** Cuts what is open now. */
    cut() {
      for (const { client, server } of open) {
        cut.count += 1;
        client.resetAndDestroy();
        server.destroy();
      }
      open.clear();
    },
    close() {
      for (const { client } of open) client.destroy();
      listener.close();
    },
  };
}
