// What every check here needs: the server's addresses, one line of output a check, requests, sockets, documents.
//
// The server is named by AUDITGRAPH_URL (http://HOST:PORT/graphql), AUDITGRAPH_WS (ws://HOST:PORT/graphql/ws; derived
// from the former when absent) and AUDITGRAPH_TOKEN (an administrator's). It must have some thousands of events, and
// new ones must be happening: `auditgraph demo`.
import { readFileSync } from 'node:fs';
import { request } from 'node:http';
import { WebSocket } from 'ws';

export const url = process.env.AUDITGRAPH_URL;
export const token = process.env.AUDITGRAPH_TOKEN;
if (!url || !token) {
  console.error('AUDITGRAPH_URL and AUDITGRAPH_TOKEN must say which server is meant');
  process.exit(2);
}
export const ws = process.env.AUDITGRAPH_WS ?? `${url.replace(/^http/, 'ws')}/ws`;
export const bearer = { Authorization: `Bearer ${token}` };

/** Longer than anything takes on a busy machine; only what fails waits for so long. Milliseconds. */
export const PATIENCE = 20_000;

/** Every value that `extensions.code` of an error can have. */
export const CODES = [
  'UNAUTHENTICATED',
  'FORBIDDEN',
  'NOT_FOUND',
  'BAD_USER_INPUT',
  'CONFLICT',
  'RATE_LIMITED',
  'UPSTREAM_UNAVAILABLE',
  'QUERY_TOO_COMPLEX',
  'PERSISTED_QUERY_NOT_FOUND',
  'PERSISTED_QUERY_NOT_SUPPORTED',
  'INTERNAL_SERVER_ERROR',
];

// ---- checks

let failed = 0;
let checked = 0;

/** Prints what `look` returns, or why it throws. */
export async function check(name, look) {
  checked += 1;
  try {
    const seen = await look();
    console.log(`ok    ${name}${seen ? `: ${String(seen).replace(/\s+/g, ' ')}` : ''}`);
  } catch (error) {
    failed += 1;
    const why = String(error?.stack && !(error instanceof Unexpected) ? error.stack : (error?.message ?? error));
    console.log(`FAIL  ${name}: ${why.split('\n').slice(0, 4).join(' | ')}`);
  }
}

class Unexpected extends Error {}

export function expect(condition, message) {
  if (!condition) throw new Unexpected(message);
}

export function expectEqual(actual, wanted, what) {
  const [has, wants] = [actual, wanted].map((value) => JSON.stringify(value));
  expect(has === wants, `${what} is ${shorten(has)}, not ${shorten(wants)}`);
}

/** Ends the script, with what it found as its exit status; no check at all is a failure, too. */
export function finish() {
  process.exit(failed || !checked ? 1 : 0);
}

export const shorten = (text, length = 300) =>
  text?.length > length ? `${text.slice(0, length)}… (${text.length} characters)` : text;

/** What `promise` brings, or an error that says what was waited for. */
export async function within(promise, what, milliseconds = PATIENCE) {
  let timer;
  const late = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new Unexpected(`no ${what} within ${milliseconds} ms`)), milliseconds);
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}

// ---- documents

/** The text of documents/NAME.graphql. */
export const text = (name) => readFileSync(new URL(`documents/${name}.graphql`, import.meta.url), 'utf8');

// ---- HTTP

/**
 * Sends a request as it is told, adding only the token: `body` is text, or a value to send as JSON. Resolves when the
 * answer begins, to `{status, headers, parts, close()}`; `parts` yields the body's text as it comes.
 */
export function begin({ to = url, method = 'POST', headers = {}, body, authorization = bearer.Authorization, agent }) {
  const payload = body === undefined || typeof body === 'string' ? body : JSON.stringify(body);
  const all = { ...headers };
  if (authorization) all.authorization ??= authorization;
  if (payload !== undefined && typeof body !== 'string') all['content-type'] ??= 'application/json';
  if (payload !== undefined) all['content-length'] = Buffer.byteLength(payload);
  const answer = new Promise((resolve, reject) => {
    const sent = request(to, { method, headers: all, agent }, (response) => {
      response.setEncoding('utf8');
      const { statusCode: status, headers } = response;
      resolve({ status, headers, parts: response, close: () => sent.destroy() });
    });
    sent.on('error', reject);
    sent.end(payload);
  });
  return within(answer, `answer to ${method} ${shorten(String(payload), 80)}`, 2 * PATIENCE);
}

/** As `begin`, but resolves when the answer has ended, to `{status, headers, text, json}`; no JSON is undefined. */
export async function send(options) {
  const { status, headers, parts } = await begin(options);
  const whole = async () => {
    let text = '';
    for await (const part of parts) text += part;
    return text;
  };
  const text = await within(whole(), `end of the answer of status ${status}`, 2 * PATIENCE);
  let json;
  try {
    json = JSON.parse(text);
  } catch {
    json = undefined;
  }
  return { status, headers, text, json };
}

/** The data of a document's answer. */
export async function ask(query, variables, options = {}) {
  const { status, json, text } = await send({ ...options, body: { query, variables } });
  expect(status === 200 && json?.data && !json.errors, `the answer is ${status}: ${shorten(text)}`);
  return json.data;
}

/** That these are the errors of one request, each with a code of the list and the id of the request. */
export function expectErrors(errors, code) {
  expect(Array.isArray(errors) && errors.length > 0, `there are no errors: ${shorten(JSON.stringify(errors))}`);
  for (const { message, extensions } of errors) {
    expect(typeof message === 'string' && message, 'an error has no message');
    expect(CODES.includes(extensions?.code), `the code of "${shorten(message)}" is ${extensions?.code}`);
    expect(typeof extensions.requestId === 'string', `"${shorten(message)}" has no requestId`);
    if (code) expect(extensions.code === code, `the code of "${shorten(message)}" is ${extensions.code}, not ${code}`);
  }
}

/** The position of the newest event. */
export async function newest() {
  const { events } = await ask('{ events(first: 1, orderBy: { field: RECORDED }) { nodes { position } } }');
  return Number(events.nodes[0].position);
}

/** That `cursors` are `after + 1`, `after + 2` and so on: nothing lost, nothing repeated, nothing out of order. */
export function expectDense(cursors, after) {
  cursors.forEach((cursor, index) => {
    expect(cursor === String(after + index + 1), `after ${cursors[index - 1] ?? after} came ${cursor}`);
  });
}

// ---- raw sockets

/** A WebSocket whose messages are waited for one by one. */
export class Socket {
  #queue = [];
  #waiting = [];
  #end;

  /** Opens `to`; resolves when the upgrade is done, rejects when it is refused (`error.status` then says how). */
  static open({ to = ws, protocols = ['graphql-transport-ws'], headers = {}, origin } = {}) {
    const socket = new Socket();
    socket.raw = new WebSocket(to, protocols, { headers, origin, perMessageDeflate: false });
    socket.#end = new Promise((resolve) => {
      socket.raw.on('close', (code, reason) => resolve({ code, reason: reason.toString() }));
    });
    socket.raw.on('message', (data) => {
      const message = JSON.parse(data.toString());
      const next = socket.#waiting.shift();
      if (next) next(message);
      else socket.#queue.push(message);
    });
    const opened = new Promise((resolve, reject) => {
      socket.raw.on('open', () => resolve(socket));
      socket.raw.on('unexpected-response', (_, response) => {
        const refused = new Unexpected(`the upgrade is refused with ${response.statusCode}`);
        refused.status = response.statusCode;
        response.resume();
        reject(refused);
      });
      socket.raw.on('error', reject);
    });
    return within(opened, 'upgrade');
  }

  /** Opens a socket on which the token has been accepted. */
  static async accepted(options) {
    const socket = await Socket.open(options);
    socket.send({ type: 'connection_init', payload: bearer });
    expectEqual((await socket.next()).type, 'connection_ack', 'the first message');
    return socket;
  }

  /** Sends text as it is, or a value as JSON. */
  send(message) {
    this.raw.send(typeof message === 'string' ? message : JSON.stringify(message));
  }

  subscribe(id, query, variables) {
    this.send({ id, type: 'subscribe', payload: { query, variables } });
  }

  /** The next message; an error when the server closes instead. */
  next() {
    if (this.#queue.length) return Promise.resolve(this.#queue.shift());
    const message = new Promise((resolve) => this.#waiting.push(resolve));
    const closed = this.#end.then(({ code, reason }) => {
      throw new Unexpected(`closed ${code} "${reason}" instead of a message`);
    });
    return within(Promise.race([message, closed]), 'message');
  }

  /** How the server closes: `{code, reason}`. Messages that come before are read over. */
  closed() {
    return within(this.#end, 'close');
  }

  close() {
    this.raw.terminate();
  }
}
