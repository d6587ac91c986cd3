// What bombs.mjs throws: `{name, body, harmless}`, the body being the JSON of a request. `harmless` marks what may be
// answered with data, because it is only long.

const KILO = 1_000;

const times = (number, piece) => Array.from({ length: number }, (_, index) => piece(index)).join('');
const nested = (depth, open, inner, close) => open.repeat(depth) + inner + close.repeat(depth);

/** Fragments of which each spreads the next one twice: 2^n selections. */
const doubling = (n) =>
  `{ ...F0 } ${times(n, (index) => `fragment F${index} on Query { ...F${index + 1} ...F${index + 1} } `)}` +
  `fragment F${n} on Query { viewer { name } }`;
/** The same with fields around the spreads, so that nothing can be merged. */
const doublingFields = (n) =>
  `{ node(id: "x") { ...F0 } } ${times(n, (index) => {
    const next = `container { ...F${index + 1} }`;
    return `fragment F${index} on Container { a: ${next} b: ${next} } `;
  }).replace('F0 on Container', 'F0 on Project')}fragment F${n} on Container { id }`;
const circle = (n) =>
  `{ viewer { ...C0 } } ${times(n, (index) => `fragment C${index} on Viewer { ...C${(index + 1) % n} } `)}`;

const selections = (depth) => `{ __schema { types { ${nested(depth, 'fields { type { ', 'name', ' } }')} } } }`;
const fanOut = (depth) => `{ ${nested(depth, 'events(first: 500) { nodes { actor { user { ', 'id', ' } } } }')} }`;

const documents = {
  ...Object.fromEntries(
    [8, 12, 16, 20, 24, 28, 32, 40, 50, 60].map((n) => [
      `fragments that double ${n} times`,
      { query: doubling(n), harmless: n <= 8 },
    ]),
  ),
  ...Object.fromEntries([12, 24, 48].map((n) => [`fragments with fields that double ${n} times`, doublingFields(n)])),
  'fragments in a circle': circle(3),
  'a fragment of itself': circle(1),
  '1,000 fragments in a circle': circle(1000),
  '2,000 fragments that nobody spreads': `{ viewer { name } } ${times(2000, (n) => `fragment U${n} on Viewer { role } `)}`,
  '1,000 aliases': `{ ${times(1000, (index) => `a${index}: viewer { name } `)} }`,
  '1,000 aliases inside': `{ viewer { ${times(1000, (index) => `a${index}: name `)} } }`,
  '16,000 times the same field': `{ viewer { ${'name '.repeat(16_000)} } }`,
  '2,000 fields in conflict': `{ ${times(2000, (index) => `x: node(id: "${index}") { id } `)} }`,
  '10,000 unknown fields': `{ viewer { ${times(10_000, (index) => `u${index} `)} } }`,
  '400 unknown fields': `{ viewer { ${times(400, (index) => `u${index} `)} } }`,
  '5,000 unknown arguments': `{ events(${times(5000, (index) => `u${index}: 1 `)}) { nodes { id } } }`,
  '5,000 directives': `{ viewer { name ${'@include(if: true) '.repeat(5000)} } }`,
  '2,000 operations': times(2000, (index) => `query Q${index} { viewer { name } } `),
  'a list literal of 200 KB': `{ nodes(ids: [${'"aaaaaaaa",'.repeat(18 * KILO)}]) { id } }`,
  '10,000 filters in a list': `{ events(first: 1, filter: { any: [${'{} '.repeat(10_000)}] }) { nodes { id } } }`,
  '3,000 filters in each other': `{ events(first: 1, filter: ${nested(3000, '{ not: ', '{}', ' }')}) { nodes { id } } }`,
  'an event page of an event page of an event page': fanOut(3),
  'event pages 40 deep': fanOut(40),
  'introspection 8 deep': selections(8),
  'introspection 100 deep': selections(100),
  '200 KB of nested braces': nested(66 * KILO, 'a{', 'a', '}'),
  '200 KB of nested brackets': `{ nodes(ids: ${nested(100 * KILO, '[', '', ']')}) { id } }`,
  '200 KB of nested objects': `{ events(filter: ${nested(40 * KILO, '{a:', '1', '}')}) { nodes { id } } }`,
  '200 KB of nested list types': `query ($v: ${nested(100 * KILO, '[', 'Int', ']')}) { viewer { name } }`,
  '200 KB of nested inline fragments': `{ ${nested(50 * KILO, '...{', 'a', '}')} }`,
  '200 KB of opening braces': '{'.repeat(200 * KILO),
  '200 KB of opening brackets': `{ nodes(ids: ${'['.repeat(200 * KILO)}`,
  '200 KB of a name': `{ ${'a'.repeat(200 * KILO)} }`,
  '200 KB of a number': `{ events(first: ${'9'.repeat(200 * KILO)}) { nodes { id } } }`,
  '200 KB of a string': `{ node(id: "${'a'.repeat(200 * KILO)}") { id } }`,
  '200 KB of a string that never ends': `{ node(id: "${'a'.repeat(200 * KILO)}`,
  '200 KB of a block string that never ends': `{ node(id: """${'a\n'.repeat(66 * KILO)}`,
  '200 KB of strings': `{ nodes(ids: [${'"" '.repeat(40 * KILO)}]) { id } }`,
  '200 KB of a cursor': `{ events(after: "${'a'.repeat(200 * KILO)}") { nodes { id } } }`,
  '200 KB of what a filter has to find': {
    query: `{ events(first: 1, filter: { text: "${'ab '.repeat(66 * KILO)}" }) { nodes { id } } }`,
    harmless: true,
  },
  '200 KB of a comment': { query: `{ viewer { name } } #${'c'.repeat(200 * KILO)}`, harmless: true },
  '66,000 comments': { query: `{ viewer { name } }${'#\n'.repeat(66 * KILO)}`, harmless: true },
  '200 KB of commas': { query: `{ viewer { name } }${','.repeat(200 * KILO)}`, harmless: true },
  '200 KB of exclamation marks': '!'.repeat(200 * KILO),
  '20,000 variables': `query (${times(20 * KILO, (index) => `$v${index}:ID `)}) { viewer { name } }`,
};

const texts = (number) => Array.from({ length: number }, (_, index) => `x${index}`);
const FILTERED = 'query ($filter: EventFilter) { events(first: 1, filter: $filter) { nodes { id } } }';
const events = (type) => `query ($v: ${type}) { events(first: 1, orderBy: $v) { nodes { id } } }`;
const raw = {
  'variables 50,000 lists deep': `{"query":"{viewer{name}}","variables":{"v":${nested(50 * KILO, '[', '', ']')}}}`,
  'variables 40,000 objects deep': `{"query":"{viewer{name}}","variables":${nested(40 * KILO, '{"v":', '1', '}')}}`,
  'extensions 50,000 lists deep': `{"query":"{viewer{name}}","extensions":{"v":${nested(50 * KILO, '[', '', ']')}}}`,
  'a variable of 200 KB for an enum': JSON.stringify({
    query: events('EventOrder'),
    variables: { v: { field: 'x'.repeat(200 * KILO) } },
  }),
  ...Object.fromEntries(
    [
      ['20,000 users in a variable', { users: texts(20 * KILO) }],
      ['10,000 projects in a variable', { projects: texts(10 * KILO) }],
      ['10,000 actions in a variable', { actions: texts(10 * KILO) }],
      [
        '10,000 networks in a variable',
        { ips: Array.from({ length: 10 * KILO }, (_, n) => `10.${n >> 8}.${n & 255}.0/24`) },
      ],
      ['1,000 networks in a variable', { ips: Array.from({ length: 1000 }, (_, n) => `10.${n >> 8}.${n & 255}.0/24`) }],
      ['5,000 filters in a variable', { any: texts(5 * KILO).map((text) => ({ text })) }],
      ['900 filters in a variable', { any: texts(900).map((text) => ({ text })) }],
      ['25 filters in each other in a variable', JSON.parse(nested(25, '{"any":[{"text":"a"},{"not":', '{}', '}]}'))],
      ['200 KB of text in a variable', { text: 'ab '.repeat(66 * KILO) }],
      ['200 KB of one word in a variable', { text: '%_'.repeat(100 * KILO) }],
      ['200 KB of a country in a variable', { countries: ['a'.repeat(200 * KILO)] }],
      ['200 KB of a time zone in a variable', { timeZone: 'a'.repeat(200 * KILO), time: { preset: 'TODAY' } }],
    ].map(([name, filter]) => [name, JSON.stringify({ query: FILTERED, variables: { filter } })]),
  ),
  '20,000 ids in a variable': JSON.stringify({
    query: 'query ($ids: [ID!]!) { nodes(ids: $ids) { id } }',
    variables: { ids: texts(20 * KILO) },
  }),
  '20,000 unknown keys in a variable': JSON.stringify({
    query: events('EventOrder'),
    variables: { v: Object.fromEntries(texts(20 * KILO).map((key) => [key, 1])) },
  }),
  'an operationName of 200 KB': JSON.stringify({ query: '{ viewer { name } }', operationName: 'x'.repeat(200 * KILO) }),
  'the hash of a text that nobody knows, of 200 KB': JSON.stringify({
    query: '{ viewer { name } }',
    extensions: { persistedQuery: { version: 1, sha256Hash: '0'.repeat(200 * KILO) } },
  }),
};
/** Values that nothing asks for may be passed over, and long filters be obeyed. */
const HARMLESS = /^(extensions|variables) \d|in a variable$/;

export const bombs = [
  ...Object.entries(documents).map(([name, document]) => {
    const { query, harmless = false } = typeof document === 'string' ? { query: document } : document;
    return { name, harmless, body: JSON.stringify({ query }) };
  }),
  ...Object.entries(raw).map(([name, body]) => ({ name, harmless: HARMLESS.test(name), body })),
];
