// Files of exports, read by what people open them with: openpyxl and Python's csv. Both have the rows that the server has.
//
// AUDITGRAPH_PYTHON is the Python that has the packages of requirements.txt.
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { spawn } from 'node:child_process';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { python } from './server.mjs';
import { ask, bearer, check, expect, expectEqual, finish, url, within } from './shared.mjs';

const CREATE = `mutation ($input: CreateExportInput!) { createExport(input: $input) { export { id } } }`;
const STATE = `query ($id: ID!) { node(id: $id) { ... on Export { status error records url } } }`;

/** What begins a formula in a spreadsheet. */
const FORMULAS = ['=', '+', '-', '@', '\t', '\r'];

/** Asks for a file and waits for it; its records and its bytes. */
async function made(input) {
  const { createExport } = await ask(CREATE, { input });
  const waiting = async () => {
    for (;;) {
      const { node } = await ask(STATE, { id: createExport.export.id });
      expect(node.status !== 'FAILED', `the export failed: ${node.error}`);
      if (node.status === 'DONE') return node;
      await new Promise((resolve) => setTimeout(resolve, 200));
    }
  };
  const done = await within(waiting(), 'the export', 120_000);
  const response = await fetch(new URL(done.url, url), { headers: bearer });
  expect(response.ok, `the download: status ${response.status}`);
  return { records: done.records, bytes: Buffer.from(await response.arrayBuffer()) };
}

/** What Python reads in a file. */
async function read(kind, bytes) {
  const folder = await mkdtemp(join(tmpdir(), 'exports-'));
  try {
    const path = join(folder, `file.${kind}`);
    await writeFile(path, bytes);
    const child = spawn(python, [fileURLToPath(new URL('exports_read.py', import.meta.url)), kind, path]);
    const parts = [];
    child.stdout.on('data', (part) => parts.push(part));
    child.stderr.pipe(process.stderr);
    const status = await new Promise((resolve) => child.on('close', resolve));
    expectEqual(status, 0, 'the exit code of Python');
    return JSON.parse(Buffer.concat(parts).toString('utf8'));
  } finally {
    await rm(folder, { recursive: true });
  }
}

// What stays the same while the demo goes on.
const until = new Date(Date.now() - 86_400_000).toISOString();
const detail = { view: 'DETAIL', filter: { time: { between: { from: '2000-01-01T00:00:00Z', to: until } } } };
const month = new Date(Date.now() - 30 * 86_400_000).toISOString();
const counts = { view: 'AGGREGATED', filter: { time: { between: { from: month, to: until } } } };

await check('a list of events is the same rows in both', async () => {
  const [csv, xlsx] = [await made({ ...detail, format: 'CSV' }), await made({ ...detail, format: 'XLSX' })];
  const [text, sheet] = [await read('csv', csv.bytes), await read('xlsx', xlsx.bytes)];
  expectEqual(text.rows.length, csv.records, 'rows of the csv file');
  expectEqual(sheet.rows.length, xlsx.records, 'rows of the xlsx file');
  expectEqual(sheet.headings, text.headings, 'the headings');
  expect(text.rows.length > 1_000, `there are only ${text.rows.length} rows`);
  for (const [place, row] of sheet.rows.entries()) {
    const plain = text.rows[place].map((cell, column) => unguarded(cell, row[column]));
    expectEqual(row, plain, `row ${place}`);
  }
  expectEqual(sheet.formulas, 0, 'formulas in the xlsx file');
  return `${text.rows.length} rows of ${text.headings.length} columns`;
});

await check('counts are the same numbers in both', async () => {
  const [csv, xlsx] = [await made({ ...counts, format: 'CSV' }), await made({ ...counts, format: 'XLSX' })];
  const [text, sheet] = [await read('csv', csv.bytes), await read('xlsx', xlsx.bytes)];
  expectEqual(sheet.headings, text.headings, 'the headings');
  expectEqual(sheet.rows.map(String), text.rows.map(String), 'the rows');
  expect(text.rows.length > 0, 'there are no rows');
  return `${text.rows.length} rows`;
});

/** A cell of a csv file without the mark before what would be a formula. */
function unguarded(cell, wanted) {
  const guarded = cell.startsWith("'") && FORMULAS.some((sign) => cell.slice(1).trimStart().startsWith(sign));
  return guarded && !wanted.startsWith("'") ? cell.slice(1) : cell;
}

await finish();
