// Lets the linters and the compilers of GraphQL clients look at schema.graphql.
//
//   node check.mjs
//
// Prints one line per check; ends with 1 when one failed. What is generated goes to a temporary folder.
import { generate } from '@graphql-codegen/cli';
import { ESLint } from 'eslint';
import { buildSchema, getNamedType, isInterfaceType, isObjectType, parse, TypeInfo, visit, visitWithTypeInfo } from 'graphql';
import { execFile } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify, stripVTControlCharacters } from 'node:util';
import { ESLINT, SCHEMA_LINTER } from './exceptions.mjs';

const HERE = fileURLToPath(new URL('.', import.meta.url));
const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const FILE = join(ROOT, 'schema.graphql');
// graphql-codegen looks for its presets from here.
process.chdir(HERE);

const text = readFileSync(FILE, 'utf8');
const lines = text.split('\n');
const schema = buildSchema(text);

let failed = 0;
async function check(name, look) {
  try {
    console.log(`ok    ${name}: ${await look()}`);
  } catch (error) {
    failed += 1;
    console.log(`FAIL  ${name}: ${stripVTControlCharacters(String(error.message ?? error))}`);
  }
}
function expectNone(problems) {
  if (problems.length > 0) throw new Error(problems.map((problem) => `\n        ${problem}`).join(''));
}

/** Starts one of the installed programs; what it says is the error when it fails. */
async function run(program, folder, ...args) {
  try {
    return (await promisify(execFile)(join(HERE, 'node_modules/.bin', program), args, { cwd: folder })).stdout;
  } catch ({ message, stdout, stderr }) {
    throw new Error(`\n${stdout}${stderr}`.trimEnd() || message);
  }
}

/** Takes the exceptions away from what a linter found, which has to be nothing then. */
function judge(found, exceptions) {
  const used = new Set();
  const left = found.filter(({ rule, line, message }) => {
    const source = lines[line - 1].trim();
    const exception = exceptions.find(
      (one) => one.rule === rule && (!one.line || one.line.test(source)) && (!one.message || one.message.test(message)),
    );
    if (exception) used.add(exception);
    return !exception;
  });
  expectNone([
    ...left.map(({ rule, line, message }) => `${line}: ${message.replaceAll('\n', ' ')} (${rule})`),
    ...exceptions
      .filter((exception) => !used.has(exception))
      .map(({ rule, line }) => `an exception that nothing needs: ${rule} ${line ?? ''}`),
  ]);
  return `0 errors, ${found.length} findings that exceptions.mjs gives a reason for`;
}

await check('graphql-eslint, schema-recommended and schema-relay', async () => {
  const eslint = new ESLint({ cwd: ROOT, overrideConfigFile: join(HERE, 'eslint.config.mjs') });
  const [{ messages }] = await eslint.lintFiles([FILE]);
  const found = messages.map(({ ruleId, line, message }) => ({
    rule: ruleId?.replace('@graphql-eslint/', ''),
    line,
    message,
  }));
  return judge(found, ESLINT);
});

await check('graphql-schema-linter, all rules', async () => {
  // It ends with 1 whenever it finds something, excepted or not.
  const report = await run('graphql-schema-linter', ROOT, '--format', 'json', FILE).catch(({ message }) => message);
  const found = JSON.parse(report).errors.map(({ rule, location, message }) => ({ rule, line: location.line, message }));
  return judge(found, SCHEMA_LINTER);
});

// ---- what the documents use

const fieldsOf = (types, wanted) =>
  types.flatMap((type) => Object.values(type.getFields()).filter(wanted).map(({ name }) => `${type.name}.${name}`));
const composite = Object.values(schema.getTypeMap()).filter(
  (type) => (isObjectType(type) || isInterfaceType(type)) && !type.name.startsWith('__'),
);
const connections = fieldsOf(composite, ({ type }) => getNamedType(type).name.endsWith('Connection'));
const entrances = [
  ...fieldsOf([schema.getQueryType()], ({ name }) => name === 'node' || name === 'nodes'),
  ...fieldsOf([schema.getSubscriptionType()].filter(Boolean), () => true),
];
const nodes = schema.getPossibleTypes(schema.getType('Node')).map(({ name }) => name);

/** The fields that a document selects, and the fragments that read something with a global id. */
function selections(document, within = () => true) {
  const fields = new Set();
  const types = new Set();
  const info = new TypeInfo(schema);
  const note = (node) => {
    const parent = info.getParentType();
    if (parent && within(node)) fields.add(`${parent.name}.${node.name.value}`);
  };
  // What a visitor returns would replace the node.
  const noteType = ({ typeCondition }) => {
    if (typeCondition) types.add(typeCondition.name.value);
  };
  visit(document, visitWithTypeInfo(info, { Field: note, InlineFragment: noteType, FragmentDefinition: noteType }));
  return { fields, types };
}
const has = (node, directive) => node.directives.some(({ name }) => name.value === directive);
const missing = (what, wanted, used) => wanted.filter((one) => !used.has(one)).map((one) => `no ${what} ${one}`);

const relayDocument = parse(
  readdirSync(join(HERE, 'relay'))
    .flatMap((name) => [...readFileSync(join(HERE, 'relay', name), 'utf8').matchAll(/graphql`([^`]*)`/g)])
    .map(([, source]) => source)
    .join('\n'),
);
const clientDocument = parse(readFileSync(join(HERE, 'client/documents.graphql'), 'utf8'));

// Relay fetches anew what it can ask for again by itself: at the root, or by a global id.
const refetched = connections.filter((path) => ['Query', ...nodes].includes(path.split('.')[0]));

await check('Relay documents page through every connection, and read every node again', () => {
  const definitions = relayDocument.definitions.filter((definition) => has(definition, 'refetchable'));
  const refetchable = selections({ ...relayDocument, definitions }, (node) => has(node, 'connection'));
  expectNone([
    ...missing('@refetchable fragment with @connection on', refetched, refetchable.fields),
    ...missing('@refetchable fragment on', nodes, refetchable.types),
    ...missing('use of', entrances, selections(relayDocument).fields),
  ]);
  return `${refetched.length} connections, ${nodes.length} node types`;
});

await check('documents of a typed client use every connection and node', () => {
  const { fields, types } = selections(clientDocument);
  expectNone([
    ...missing('use of', [...connections, ...entrances], fields),
    ...missing('fragment on', nodes, types),
  ]);
  return `${connections.length} connections, ${nodes.length} node types`;
});

// ---- what compilers make of them

const scratch = mkdtempSync(join(tmpdir(), 'auditgraph-schema-'));
symlinkSync(join(HERE, 'node_modules'), join(scratch, 'node_modules'));

await check('relay-compiler', async () => {
  const folder = join(scratch, 'relay');
  cpSync(join(HERE, 'relay'), join(folder, 'src'), { recursive: true });
  cpSync(FILE, join(folder, 'schema.graphql'));
  mkdirSync(join(folder, 'generated'));
  const config = {
    src: './src',
    schema: './schema.graphql',
    language: 'typescript',
    artifactDirectory: './generated',
    eagerEsModules: true,
    customScalarTypes: { DateTime: 'string' },
  };
  writeFileSync(join(folder, 'relay.config.json'), JSON.stringify(config));
  await run('relay-compiler', folder, '--noWatchman', '--output', 'quiet-with-errors');
  const made = readdirSync(join(folder, 'generated')).length;
  const defined = relayDocument.definitions.length;
  if (made < defined) throw new Error(`${made} files for ${defined} definitions`);
  return `0 errors, ${defined} definitions, ${made} files`;
});

await check('graphql-codegen, and the strict type check of a client that uses it', async () => {
  const folder = join(scratch, 'client');
  cpSync(join(HERE, 'client'), folder, { recursive: true });
  const files = await generate(
    {
      schema: FILE,
      documents: join(folder, 'documents.graphql'),
      generates: {
        [join(folder, 'generated/')]: {
          preset: 'client',
          config: { enumsAsTypes: true, strictScalars: true, scalars: { DateTime: 'string', JSON: 'unknown' }, useTypeImports: true },
        },
      },
      silent: true,
    },
    true,
  );
  const options = {
    strict: true,
    noEmit: true,
    exactOptionalPropertyTypes: true,
    noUncheckedIndexedAccess: true,
    target: 'es2022',
    module: 'esnext',
    moduleResolution: 'bundler',
    types: [],
  };
  writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify({ compilerOptions: options, include: ['.'] }));
  await run('tsc', folder, '--project', folder);
  return `0 errors, ${files.length} files`;
});

rmSync(scratch, { recursive: true });
console.log(failed ? `${failed} failed` : 'all passed');
process.exit(failed ? 1 : 0);
