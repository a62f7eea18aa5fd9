import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { delimiter, join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';

const root = resolve(__dirname, '..');
const bin = join(root, 'bin', 'chancery.js');
const run = (node: string, ...args: readonly string[]) =>
  spawnSync(node, args, { encoding: 'utf8', cwd: root });

const isOld = (version: string) => {
  const [major = 0, minor = 0] = version.replace(/^v/, '').split('.').map(Number);
  return major < 22 || (major === 22 && minor < 18);
};

const oldNode = (process.env['PATH'] ?? '')
  .split(delimiter)
  .map((directory) => join(directory, 'node'))
  .filter((file) => existsSync(file))
  .find((file) => isOld(run(file, '--version').stdout.trim()));

/** Skips with a printed reason. */
const itWith = (met: boolean, reason: string) => {
  if (!met) process.stderr.write(`bin.test: skipped: ${reason}\n`);
  return met ? it : it.skip;
};

/** What a run says under a Node.js that claims to be `version`. */
const claiming = (version: string) =>
  run(
    process.execPath,
    '-e',
    `Object.defineProperty(process.versions, 'node', { value: '${version}' });
     import('${pathToFileURL(bin).href}');`,
  );

describe('the chancery command', () => {
  it.each(['0.12.18', '18.20.8', '20.20.2', '22.17.1'])(
    'refuses Node.js %s in one line that says what to do',
    (version) => {
      const { status, stdout, stderr } = claiming(version);
      expect({ status, stdout }).toEqual({ status: 2, stdout: '' });
      expect(stderr).toMatch(/^chancery needs Node\.js 22\.18 or newer; [^\n]*Install [^\n]*\n$/);
      expect(stderr).toContain(`this is v${version} (${process.execPath})`);
    },
  );

  it.each(['22.18.0', '24.0.0', '26.1.0'])('does not refuse Node.js %s', (version) => {
    expect(claiming(version).stderr).not.toContain('needs Node.js');
  });

  itWith(oldNode !== undefined, 'no Node.js older than 22.18 on PATH')(
    'refuses the older Node.js found on PATH',
    () => {
      const { status, stderr } = run(oldNode ?? '', bin, '--version');
      expect(status).toBe(2);
      expect(stderr).toMatch(/^chancery needs Node\.js 22\.18 or newer; [^\n]*\n$/);
    },
  );

  itWith(existsSync(join(root, 'src', 'main.ts')), 'src/main.ts does not exist')(
    'prints its version under the pinned Node.js',
    () => {
      const { status, stdout } = run(process.execPath, bin, '--version');
      expect({ status, stdout: stdout.trim() }).toEqual({ status: 0, stdout: '0.1.0' });
    },
  );
});
