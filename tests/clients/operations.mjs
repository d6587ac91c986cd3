// The same set of operations for every client: a query, all pages in both directions, errors, and a stream that is cut
// in the middle and resumed.
import { check, expect, expectDense, expectEqual, newest, text, within } from './shared.mjs';
import { wire } from './server.mjs';

const PAGE = 20;

/** As many as the server gives at once; two busy days may have more. */
const LARGEST_PAGE = 500;

/**
 * Asks, pages and errs with one client.
 *
 * `run(document, variables)` resolves to `{data, errors}` as the client tells them, the errors with their extensions.
 */
export async function checkQueries(client, run) {
  await check(`${client}: a query`, async () => {
    const { data, errors } = await run(text('viewer'));
    expectEqual(errors ?? [], [], 'the errors');
    expectEqual(data.viewer.role, 'ADMINISTRATOR', 'the role');
    return data.viewer.name;
  });
  await check(`${client}: all pages, forwards and backwards`, async () => {
    const all = (await forth(run, LARGEST_PAGE)).flat();
    expect(all.length > 2 * PAGE, `there are only ${all.length} events`);
    const forwards = await forth(run, PAGE);
    expectEqual(forwards.flat(), all, 'what comes forwards');
    const backwards = await walk(
      run,
      { last: PAGE },
      ({ startCursor, hasPreviousPage }) => hasPreviousPage && { last: PAGE, before: startCursor },
    );
    expectEqual(backwards.reverse().flat(), all, 'what comes backwards');
    return `${all.length} events on ${forwards.length} pages`;
  });
  for (const [what, document, path] of [
    ['a document that does not fit the schema', 'unknown_field'],
    ['an argument that makes no sense', 'wrong_cursor', ['events']],
  ]) {
    await check(`${client}: ${what} is BAD_USER_INPUT`, async () => {
      const { errors } = await run(text(document));
      expectEqual(errors?.[0]?.extensions?.code, 'BAD_USER_INPUT', `the code (of ${JSON.stringify(errors)})`);
      if (path) expectEqual(errors[0].path, path, 'the path');
      return errors[0].message;
    });
  }
}

/** Two days that are long over, so that nothing comes in between two pages. */
const DAY = 24 * 60 * 60 * 1000;
const DAYS = { from: new Date(Date.now() - 30 * DAY).toISOString(), to: new Date(Date.now() - 28 * DAY).toISOString() };

/** The ids on each page of `size`, from the first page to the last. */
function forth(run, size) {
  const next = ({ endCursor, hasNextPage }) => hasNextPage && { first: size, after: endCursor };
  return walk(run, { first: size }, next);
}

/** The ids on each page, beginning with `page`; `onwards` makes the variables of the next one from a pageInfo. */
async function walk(run, page, onwards) {
  const pages = [];
  for (let next = page; next; ) {
    const { data, errors } = await run(text('days'), { ...DAYS, ...next });
    expectEqual(errors ?? [], [], 'the errors');
    pages.push(data.events.edges.map(({ node }) => node.id));
    expect(pages.length < 1000, 'the pages never end');
    next = onwards(data.events.pageInfo);
  }
  return pages;
}

/** How much the server may send before each cut: within the replay, and not between messages. */
const CUTS = [9_001, 14_003, 6_007];
const REPLAYED = 400;

/**
 * Follows the log with one client over a connection that breaks three times, from some events ago until one has come
 * that had not happened yet, and insists on every event, once and in order.
 *
 * `follow(at, last, take)` makes the client follow at the address `at(address)` instead of `address`, from `last()`
 * on, and calls `take` with each result's data; when `take` returns true, it has enough, and ends the stream and
 * resolves. When the connection breaks it may reject, and is then called again; or reconnect by itself.
 */
export async function checkResume(client, address, follow) {
  await check(`${client}: a stream, cut and resumed`, async () => {
    const from = (await newest()) - REPLAYED;
    const until = from + REPLAYED + 2;
    const cursors = [];
    const last = () => cursors.at(-1) ?? String(from);
    const take = (data) => {
      if (Number(last()) >= until) return true;
      cursors.push(data.events.cursor);
      return Number(last()) >= until;
    };
    const through = await wire(address, CUTS);
    try {
      let why;
      for (let attempt = 0; attempt <= CUTS.length && Number(last()) < until; attempt += 1) {
        await within(follow(through.at, last, take), 'end of the stream', 30_000).catch((error) => (why = error));
      }
      expect(Number(last()) >= until, `it stopped at ${last()} of ${until}: ${why?.message ?? JSON.stringify(why)}`);
      expectDense(cursors, from);
      expectEqual(through.cuts(), CUTS.length, 'the number of cuts');
      return `${cursors.length} events, ${through.cuts()} cuts`;
    } finally {
      through.close();
    }
  });
}
