import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { once } from 'node:events';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Runs the contract of event stores on every store, with the recorded cases, and says on one line each how it went. */

type Assertion = { readonly status: string; readonly ancestorTitles: readonly string[] };
type Results = {
  readonly testResults: readonly { readonly assertionResults: readonly Assertion[] }[];
};

const real = process.env['ESDB_URL'];

/** What is reported, by how the outermost block of its tests is named. */
const lines: readonly (readonly [name: string, isOf: (block: string) => boolean])[] = [
  ['memory', (block) => block === 'the event store in memory'],
  ['SQLite', (block) => block === 'the event store in SQLite'],
  ['EventStoreDB stand-in', (block) => block === 'the event store on the EventStoreDB stand-in'],
  ['recorded cases on the stand-in', (block) => block.startsWith('the stand-in answers as')],
  [
    'real EventStoreDB server',
    (block) => block === 'the event store on a real EventStoreDB server',
  ],
  ['recorded cases on a real server', (block) => block.startsWith('the server at')],
];

const files = [
  'test/adapters/memory.test.ts',
  'test/adapters/sqlite.test.ts',
  'test/contracts/eventstoredb.test.ts',
  'test/contracts/esdb-observed.test.ts',
];

/** The version that a real server names itself; it also says so where it is not the one that was recorded. */
const versionOf = async (connection: string): Promise<string> => {
  const { hostname, port, searchParams } = new URL(
    connection.replace(/^\w+(?:\+discover)?:/u, 'http:'),
  );
  const scheme = searchParams.get('tls') === 'false' ? 'http' : 'https';
  const answer = await fetch(`${scheme}://${hostname}:${port || 2113}/info`).catch(() => undefined);
  const info: unknown = answer?.ok === true ? await answer.json() : undefined;
  const isNamed = typeof info === 'object' && info !== null && 'esVersion' in info;
  return isNamed ? String(info.esVersion) : 'version unknown';
};

const directory = mkdtempSync(join(tmpdir(), 'chancery-contract-'));
const output = join(directory, 'results.json');
const jest = join('node_modules', 'jest', 'bin', 'jest.js');
const child = spawn(process.execPath, [jest, '--json', `--outputFile=${output}`, ...files], {
  stdio: ['ignore', 'ignore', 'inherit'],
});
const [code] = await once(child, 'exit');
const { testResults } = JSON.parse(readFileSync(output, 'utf8')) as Results;
rmSync(directory, { recursive: true });
const assertions = testResults.flatMap(({ assertionResults }) => assertionResults);

let ran = 0;
for (const [name, isOf] of lines) {
  const own = assertions.filter(({ ancestorTitles: [block = ''] }) => isOf(block));
  const failed = own.filter(({ status }) => status !== 'passed').length;
  ran += own.length;
  const isReal = name.includes('real');
  const version = isReal && real !== undefined ? `, ${await versionOf(real)}` : '';
  const unset = isReal && real === undefined ? 'not run, ESDB_URL is not set' : 'not run';
  const passed =
    failed === 0
      ? `passed${version}, ${own.length} tests`
      : `${failed} of ${own.length} tests failed${version}`;
  console.log(`contract: ${name}: ${own.length === 0 ? unset : passed}`);
}
console.log(`contract: ${ran} tests in all`);
process.exitCode = code === 0 ? 0 : 1;
