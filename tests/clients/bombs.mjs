// Documents that are small to write and dear to answer, over HTTP and over WebSocket: each is refused, or answered,
// soon and briefly, and nobody else notices.
//
// "Soon" is 50 ms, or 200 times what a trivial query takes over HTTP in the same run: a build for debugging needs up
// to 100 times as long to read 200 KB as to answer a trivial query, but what grows with the square of a document, or
// doubles with each fragment, is beyond any such factor. The best of some attempts counts, because a busy machine can
// delay any single one. The server must not limit how often one may ask.
import { Agent } from 'node:http';
import { Worker } from 'node:worker_threads';
import { bombs } from './bombs/documents.mjs';
import { check, expect, expectEqual, finish, send, Socket, within } from './shared.mjs';

const ATTEMPTS = 5;
const SOON = { milliseconds: 50, factor: 200 };
const BRIEF = 10_000;
/** How much slower the slowest twentieth of somebody else's queries may get; anything below FAST is not slow at all. */
const DISTURBANCE = 10;
const FAST = 50;

const REFUSALS = ['QUERY_TOO_COMPLEX', 'BAD_USER_INPUT'];
/** What only the inside of a server has. */
const INSIDES = /panicked|\bsrc\/|\.rs\b|stack backtrace|SELECT .* FROM|sqlx|sqlite|postgres/i;

/** That an answer is brief, tells nothing of the inside, and brings data only where that is due. */
function expectTame({ harmless }, { text, json, status }) {
  expect(Buffer.byteLength(text) < BRIEF, `the answer has ${text.length} characters: ${text.slice(0, 200)}`);
  expect(status === undefined || (status >= 200 && status < 500), `the status is ${status}`);
  expect(!INSIDES.test(text), `the answer tells of the inside: ${text.slice(0, 300)}`);
  const codes = json.errors?.map(({ extensions }) => extensions?.code) ?? [];
  for (const code of codes) expect(REFUSALS.includes(code), `the code is ${code}: ${text.slice(0, 300)}`);
  expect(harmless || codes.length > 0, `it is answered: ${text.slice(0, 200)}`);
  expect(
    harmless || !json.data || Object.values(json.data).every((value) => value === null),
    `it brings data: ${text.slice(0, 200)}`,
  );
  return codes[0] ?? 'answered';
}

const agent = new Agent({ keepAlive: true });

async function overHttp({ body }) {
  const answer = await send({ body, headers: { 'content-type': 'application/json' }, agent });
  expect(answer.json, `the answer is not JSON: ${answer.status} ${answer.text.slice(0, 200)}`);
  return answer;
}

async function overSocket({ body }) {
  const socket = await Socket.accepted();
  try {
    const began = performance.now();
    socket.send(`{"id":"b","type":"subscribe","payload":${body}}`);
    const message = await socket.next().catch((error) => error);
    const took = performance.now() - began;
    if (message instanceof Error) {
      // What cannot be read as a message at all ends the connection.
      const { code, reason } = await socket.closed();
      expectEqual(code, 4400, `the close code (with "${reason}")`);
      return { text: reason, json: { errors: [{ extensions: { code: 'BAD_USER_INPUT' } }] }, took };
    }
    const text = JSON.stringify(message);
    return { text, json: message.type === 'error' ? { errors: message.payload } : message.payload, took };
  } finally {
    socket.close();
  }
}

const sorted = (numbers) => numbers.toSorted((a, b) => a - b);
const median = (numbers) => sorted(numbers)[Math.floor(numbers.length / 2)];
const p95 = (numbers) => sorted(numbers)[Math.floor(numbers.length * 0.95)];

/** Somebody else, on a thread of their own: asks one small query after the other. */
function bystander() {
  const worker = new Worker(new URL('bombs/bystander.mjs', import.meta.url));
  let tell;
  worker.on('message', (times) => tell(times));
  const failure = new Promise((_, reject) => worker.on('error', reject));
  let failed = false;
  failure.catch(() => (failed = true));
  /** How long, in milliseconds, each of the queries took since the last call. */
  const times = () => {
    const told = new Promise((resolve) => (tell = resolve));
    worker.postMessage('tell');
    return within(Promise.race([told, failure]), 'word from the bystander');
  };
  /** The same, once there are so many. */
  const enough = async (number) => {
    const all = [];
    while (all.length < number) all.push(...(await times()));
    return all;
  };
  return { times, enough, failed: () => failed, stop: () => worker.terminate() };
}

const trivial = { body: JSON.stringify({ query: '{ viewer { name } }' }) };
async function timed(ask, bomb) {
  const began = performance.now();
  const answer = await ask(bomb);
  return { answer, took: answer.took ?? performance.now() - began };
}

const other = bystander();
let limit;
let before;
await check('a trivial query', async () => {
  const times = [];
  for (let time = 0; time < 51; time += 1) times.push((await timed(overHttp, trivial)).took);
  limit = Math.max(SOON.milliseconds, SOON.factor * median(times));
  before = p95(await other.enough(200));
  return `${median(times).toFixed(1)} ms, so at most ${limit.toFixed()} ms for a bomb`;
});
for (const [way, ask] of [
  ['HTTP', overHttp],
  ['WebSocket', overSocket],
]) {
  let during = [];
  for (const bomb of bombs) {
    // Once the server is gone there is nothing to learn from the others.
    if (other.failed()) break;
    await check(`${way}: ${bomb.name}`, async () => {
      let best = { took: Infinity };
      for (let attempt = 0; attempt < ATTEMPTS && best.took > limit; attempt += 1) {
        await other.times();
        const { answer, took } = await timed(ask, bomb);
        const seen = expectTame(bomb, answer);
        if (took < best.took) best = { took, seen, size: answer.text.length, others: await other.times() };
      }
      during.push(...best.others);
      expect(best.took <= limit, `it took ${best.took.toFixed()} ms, more than ${limit.toFixed()}`);
      return `${best.seen}, ${best.took.toFixed()} ms, ${best.size} characters`;
    });
  }
  await check(`${way}: nobody else noticed`, async () => {
    // Throws when one of their queries has failed.
    await other.times();
    during = p95(during);
    const most = Math.max(FAST, DISTURBANCE * before);
    const seen = `p95 of small queries ${during.toFixed(1)} ms, before ${before.toFixed(1)} ms`;
    expect(during <= most, `${seen}, at most ${most.toFixed(1)} ms`);
    return seen;
  });
}
await check('more than 256 KiB: 413', async () => {
  const { status, text } = await send({
    body: JSON.stringify({ query: `{ viewer { name } } #${'x'.repeat(300_000)}` }),
    headers: { 'content-type': 'application/json' },
  });
  expectEqual(status, 413, `the status (of ${text.slice(0, 200)})`);
});
await other.stop();
finish();
