// Packs Chancery, installs the tarball into an empty project, and uses it there as others would.
import { deepStrictEqual, ok, strictEqual } from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

const here = dirname(fileURLToPath(import.meta.url));
const root = resolve(here, '..', '..');
const work = mkdtempSync(join(tmpdir(), 'chancery-package-'));
const project = join(work, 'project');
const tools = join(root, 'node_modules', '.bin');
const own = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));

/** The oldest Node.js that `engines` admits: the one that is most likely to lack something. */
const OLDEST_NODE = `${own.engines.node.replace('>=', '')}.0`;
/** The compilers of users: the project's own, and the last one written in JavaScript, which most still have. */
const COMPILERS = { typescript: own.devDependencies.typescript, typescript5: '5.9.3' };
const MOST_PACKED_BYTES = 1_500_000;
const SHIPPED = [
  /^(?:package\.json|README\.md|LICENSE|CHANGELOG\.md|bin\/chancery\.js)$/u,
  /^examples\/(?:deal|market-day|market-day\.outcomes)\.jsonl$/u,
  /^dist\/(?!test\/|bench\/)[\w/-]+\.(?:js|js\.map|d\.ts)$/u,
];

const onPath = (...directories) => ({
  ...process.env,
  PATH: [...directories, dirname(process.execPath), process.env.PATH].join(delimiter),
});
const run = (command, args, cwd, env = onPath(tools)) => {
  const { status, stdout, stderr } = spawnSync(command, args, { cwd, env, encoding: 'utf8' });
  if (status === 0) return stdout;
  throw new Error(`${[command, ...args].join(' ')}: exit code ${status}\n${stdout}\n${stderr}`);
};
const npm = (cwd, ...args) => run('npm', [...args, '--no-audit', '--no-fund'], cwd);
const writeJson = (file, value) => writeFileSync(file, JSON.stringify(value));

const timed = async (what, check) => {
  const began = performance.now();
  const found = await check();
  console.log(`${what}: ${found ?? 'ok'} (${((performance.now() - began) / 1000).toFixed(1)} s)`);
};

/** The code blocks of the README behind a line. */
const blocksBehind = (line) =>
  readFileSync(join(root, 'README.md'), 'utf8')
    .split(`\n${line}\n`)[1]
    .matchAll(/^```.*\n([^]*?)^```$/gmu)
    .map(([, text]) => text);
const [example, itsOutput] = blocksBehind('## Embedding');
const [dealOutput] = blocksBehind(
  '`npx chancery run --at --data data/deal examples/deal.jsonl` prints:',
);

let tarball;
const packed = () => {
  rmSync(join(root, 'dist'), { recursive: true, force: true });
  npm(root, 'run', 'build');
  const [{ filename, size, files }] = JSON.parse(
    npm(root, 'pack', '--json', '--pack-destination', work),
  );
  tarball = join(work, filename);
  const paths = files.map(({ path }) => path);
  deepStrictEqual(
    paths.filter((path) => !SHIPPED.some((shape) => shape.test(path))),
    [],
  );
  for (const path of paths.filter((each) => each.endsWith('.map'))) {
    const { sources, sourcesContent } = JSON.parse(readFileSync(join(root, path), 'utf8'));
    ok(
      sources.length > 0 && sources.every((_, n) => sourcesContent?.[n]),
      `${path} has no sources`,
    );
  }
  ok(size < MOST_PACKED_BYTES, `${size} bytes are more than ${MOST_PACKED_BYTES}`);
  return `${files.length} files, ${size} bytes`;
};

/** Chancery is ESM alone, and that is meant: every Node.js that it runs on can `require` it all the same. */
const typed = () => {
  run('publint', ['run', tarball, '--strict'], root);
  // The profile leaves out the resolution of Node.js 10, which knows no `exports`; the rule forbids what is meant.
  const meant = ['--profile', 'node16', '--ignore-rules', 'cjs-resolves-to-esm'];
  run('attw', [tarball, ...meant, '--no-emoji', '--no-color'], root);
};

const STRICTEST = {
  lib: ['es2022'],
  module: 'nodenext',
  types: ['node'],
  strict: true,
  exactOptionalPropertyTypes: true,
  noUncheckedIndexedAccess: true,
  noImplicitOverride: true,
  noImplicitReturns: true,
  noPropertyAccessFromIndexSignature: true,
  verbatimModuleSyntax: true,
  isolatedModules: true,
  declaration: true,
  skipLibCheck: false,
};

const installed = () => {
  mkdirSync(project);
  mkdirSync(join(work, 'oldest'));
  writeJson(join(project, 'package.json'), { private: true, type: 'module' });
  writeJson(join(work, 'oldest', 'package.json'), { private: true, allowScripts: { node: true } });
  const compilers = Object.entries(COMPILERS).map(
    ([as, version]) => `${as}@npm:typescript@${version}`,
  );
  const types = `@types/node@${own.devDependencies['@types/node']}`;
  npm(project, 'install', '--ignore-scripts', tarball); // nothing is compiled or fetched by a script
  npm(project, 'install', '--ignore-scripts', '--save-dev', types, ...compilers);
  npm(join(work, 'oldest'), 'install', `node@${OLDEST_NODE}`);
};

const compiled = (target) => () => {
  writeFileSync(join(project, 'readme.ts'), example);
  for (const file of ['library.ts', 'await-using.ts'])
    copyFileSync(join(here, file), join(project, file));
  for (const compiler of Object.keys(COMPILERS)) {
    const compilerOptions = { ...STRICTEST, target, outDir: `${compiler}-${target}` };
    writeJson(join(project, 'tsconfig.json'), { compilerOptions, include: ['*.ts'] });
    run('node', [join('node_modules', compiler, 'bin', 'tsc'), '-p', '.'], project);
  }
};

const usedBy = (bin, version, targets) => () => {
  const env = { ...onPath(bin), npm_config_yes: 'false' }; // npx takes what is installed or fails
  const node = (...args) => run('node', args, project, env);
  const chancery = (...args) => run('npx', ['chancery', ...args], project, env);
  strictEqual(node('--version').trim(), `v${version}`);
  for (const out of targets.flatMap((target) =>
    Object.keys(COMPILERS).map((each) => `${each}-${target}`),
  )) {
    strictEqual(node(`${out}/readme.js`), itsOutput);
    node(`${out}/library.js`);
    const closed = 'EngineClosed\nopen again\n';
    strictEqual(node(`${out}/await-using.js`), closed);
    strictEqual(node(`${out}/await-using.js`, `${out}-${version}.db`), closed);
  }
  strictEqual(chancery('--version').trim(), own.version);
  const deal = join('node_modules', own.name, 'examples', 'deal.jsonl');
  strictEqual(chancery('run', '--at', '--data', `deal-${version}`, deal), dealOutput);
  const day = chancery('market-day', '--data', `day-${version}`);
  ok(day.includes('replay of everything: identical'), day);
};

try {
  await timed('packed', packed);
  await timed('types, by publint and attw', typed);
  await timed('installed into an empty project', installed);
  await timed(
    `compiled by ${Object.values(COMPILERS).join(' and ')} for es2022`,
    compiled('es2022'),
  );
  await timed('compiled for esnext', compiled('esnext'));
  const pinned = own.devDependencies.node;
  await timed(
    `used on Node.js ${pinned}`,
    usedBy(join(root, 'node_modules', 'node', 'bin'), pinned, ['es2022', 'esnext']),
  );
  // Node.js 22 has no `await using` of its own; compiled down it works.
  const oldest = join(work, 'oldest', 'node_modules', 'node', 'bin');
  await timed(`used on Node.js ${OLDEST_NODE}`, usedBy(oldest, OLDEST_NODE, ['es2022']));
} finally {
  rmSync(work, { recursive: true, force: true });
}
