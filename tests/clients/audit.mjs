// GraphQL over HTTP: the 61 checks of the `graphql-http` package's own audit, all of them, and what somebody without a
// token gets to see of them.
import { readFileSync } from 'node:fs';
import { serverAudits } from 'graphql-http';
import { bearer, check, expect, finish, url } from './shared.mjs';

const AUDITS = 61;

const withToken = (address, init) => fetch(address, { ...init, headers: { ...init?.headers, ...bearer } });

let good = 0;
for (const audit of serverAudits({ url, fetchFn: withToken })) {
  const result = await audit.fn().catch((error) => ({ status: 'thrown', reason: String(error) }));
  if (result.status === 'ok') good += 1;
  else await check(`${audit.id} ${audit.name}`, () => expect(false, `${result.status}: ${result.reason}`));
}
await check('graphql-http audit', () => {
  const counted = `${good} of ${AUDITS} ok`;
  expect(good === AUDITS, counted);
  return counted;
});

// What the schema calls its own: a name that is not also a word of the specification or of plain English.
const schema = readFileSync(new URL('../../schema.graphql', import.meta.url), 'utf8');
const names = [...schema.matchAll(/^(?:type|input|enum|interface|scalar) (\w+)|^ {2}(\w+)(?=[(:])/gm)]
  .map(([, type, field]) => type ?? field)
  .filter((name) => /[a-z][A-Z]/.test(name));

await check('without a token every answer is 4xx and names nothing of the schema', async () => {
  const answers = [];
  const withoutToken = async (address, init) => {
    const response = await fetch(address, init);
    answers.push({ status: response.status, body: await response.clone().text() });
    return response;
  };
  const probes = [
    '{ __schema { types { name fields { name } } } }',
    '{ __type(name: "Event") { fields { name } } }',
    '{ viewr { name } }',
    '{ viewer { nam } }',
    '{ events(frist: 1) { nodes { id } } }',
    '{ evnts { nodes { id } } }',
    'mutation { deleteEverything }',
    'subscription { event { cursor } }',
    '{',
  ];
  for (const audit of serverAudits({ url, fetchFn: withoutToken })) await audit.fn().catch(() => {});
  for (const accept of ['application/json', 'application/graphql-response+json', 'text/event-stream', '*/*']) {
    for (const query of probes) {
      const headers = { accept, 'content-type': 'application/json' };
      await withoutToken(url, { method: 'POST', headers, body: JSON.stringify({ query }) });
      await withoutToken(`${url}?query=${encodeURIComponent(query)}`, { headers: { accept } });
    }
  }
  for (const { status, body } of answers) {
    expect(status >= 400 && status < 500, `an answer is ${status}: ${body.slice(0, 200)}`);
    const told = names.filter((name) => name !== 'requestId' && new RegExp(`\\b${name}\\b`).test(body));
    expect(told.length === 0, `an answer tells ${told.join(', ')}: ${body.slice(0, 200)}`);
  }
  return `${answers.length} answers, ${names.length} names`;
});
finish();
