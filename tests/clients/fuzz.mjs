// Some thousand random queries that fit the schema, by the PyPI package `schemathesis`: no 5xx, no panic, and every
// error is the caller's own. The server's rate limit must be out of the way. AUDITGRAPH_SEED repeats a run;
// AUDITGRAPH_CASES says how many queries, 2,000 when absent.
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { python } from './server.mjs';
import { ask, bearer, check, expect, expectEqual, finish, send, url } from './shared.mjs';

const CASES = Number(process.env.AUDITGRAPH_CASES ?? 2_000);
const seed = process.env.AUDITGRAPH_SEED ?? String(Date.now() % 1_000_000);

/** How often the server has panicked. */
async function panics() {
  const { status, text } = await send({ to: new URL('/metrics', url).href, method: 'GET' });
  const [, count] = /^auditgraph_panics_total(?:\{[^}]*\})? (\d+)/m.exec(text) ?? [];
  expect(count !== undefined, `there is no auditgraph_panics_total in /metrics (status ${status})`);
  return Number(count);
}

/** Runs schemathesis to its end, in a folder of its own because it leaves things behind. */
async function fuzz(examples) {
  const folder = mkdtempSync(join(tmpdir(), 'auditgraph-'));
  const here = fileURLToPath(new URL('.', import.meta.url));
  const args = [
    'run',
    url,
    '--header',
    `Authorization: ${bearer.Authorization}`,
    '--seed',
    seed,
    '--max-examples',
    String(examples),
  ];
  args.push(
    '--phases',
    'fuzzing',
    '--checks',
    'errors_are_the_callers',
    '--continue-on-failure',
    '--no-shrink',
    '--no-color',
  );
  args.push('--generation-database', 'none', '--warnings', 'off', '--suppress-health-check', 'all');
  const env = { ...process.env, PYTHONPATH: here, PYTHONDONTWRITEBYTECODE: '1', SCHEMATHESIS_HOOKS: 'fuzz_hooks' };
  const child = spawn(join(dirname(python), 'st'), args, { cwd: folder, env, stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (data) => (output += data));
  try {
    const code = await new Promise((resolve, reject) => child.on('error', reject).on('close', resolve));
    return { code, output };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

await check(`schemathesis (seed ${seed}): no 5xx, no panic, only the caller's errors`, async () => {
  const { __type: query } = await ask('{ __type(name: "Query") { fields { name } } }');
  const before = await panics();
  // Some fields have too few different queries for their share.
  const { code, output } = await fuzz(Math.ceil((1.05 * CASES) / query.fields.length));
  if (code !== 0) console.log(output.slice(-6_000));
  expectEqual(code, 0, 'the exit status');
  const cases = Number(/(\d+) generated/.exec(output)?.[1] ?? 0);
  const seen = JSON.parse(/^seen: (.*)$/m.exec(output)?.[1] ?? '{}');
  expect(cases >= CASES, `only ${cases} queries were asked`);
  expect((seen.data ?? 0) > cases / 50, `too few queries were answered: ${JSON.stringify(seen)}`);
  expectEqual((await panics()) - before, 0, 'the number of panics');
  return `${cases} queries, ${JSON.stringify(seen)}`;
});
finish();
