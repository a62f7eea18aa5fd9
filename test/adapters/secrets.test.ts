import { execFileSync } from 'node:child_process';
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { format, inspect } from 'node:util';
import { localSecrets } from '../../src/adapters/secrets.ts';
import { closed, malformed } from '../../src/engine/codec.ts';
import { E } from '../../src/engine/fp.ts';
import { canonicalJson } from '../../src/engine/json.ts';
import { SecretReference, secretOf } from '../../src/engine/secret.ts';
import { describeFailure } from '../../src/engine/store.ts';
import { testWhere } from '../support/cli.ts';
import { inDirectory } from '../support/store-files.ts';

const VALUE = 'hunter2-and-more';

const resolved = (reference: string, env: Record<string, string> = {}) =>
  localSecrets(env).resolve(reference)();

const revealed = async (reference: string, env: Record<string, string> = {}) => {
  const found = await resolved(reference, env);
  return E.isRight(found) ? found.right.reveal() : found.left;
};

const remedyOf = async (reference: string): Promise<string> => {
  const found = await resolved(reference);
  if (E.isRight(found)) throw new Error('it was found');
  expect(found.left).toEqual({ type: 'SecretMissing', reference, remedy: expect.any(String) });
  return found.left.remedy;
};

const file = (directory: string, bytes: string | Uint8Array, mode = 0o600): string => {
  const path = join(directory, 'secret');
  writeFileSync(path, bytes);
  chmodSync(path, mode);
  return path;
};

describe('engine N46: references to secrets', () => {
  test.each(['env:TOKEN', 'env:_x9', 'file:/run/secrets/token', 'file:/a b'])('%s is one', (text) =>
    expect(SecretReference.is(text)).toBe(true),
  );

  test.each([
    '',
    VALUE,
    'env:',
    'env:9',
    'env:A-B',
    'env:A\n',
    'file:',
    'file:x',
    'file:/\u0000',
    7,
  ])('%p is none', (value) => expect(SecretReference.is(value)).toBe(false));

  test('what is none is not shown where it is told: it may be the secret itself', async () => {
    const config = closed({ password: SecretReference });
    const decoded = config.decode({ password: VALUE });
    const told = malformed(E.isLeft(decoded) ? decoded.left : []);
    expect(told).toMatchObject({ path: 'password', expected: SecretReference.name });
    const found = await resolved(VALUE);
    expect(found).toMatchObject(E.left({ type: 'SecretMissing', reference: '(not shown)' }));
    expect(JSON.stringify([told, found])).not.toContain('hunter2');
  });
});

describe('engine N46: secrets of this machine', () => {
  test('are resolved in the environment when they are used', async () => {
    const env: Record<string, string> = { TOKEN: VALUE };
    const secrets = localSecrets(env);
    const now = async () => {
      const found = await secrets.resolve('env:TOKEN')();
      return E.isRight(found) ? found.right.reveal() : found.left;
    };
    expect(await now()).toBe(VALUE);
    env['TOKEN'] = 'another\n';
    expect(await now()).toBe('another\n');
    delete env['TOKEN'];
    const remedy = 'set the environment variable TOKEN';
    expect(await now()).toEqual({ type: 'SecretMissing', reference: 'env:TOKEN', remedy });
    env['TOKEN'] = '';
    expect(await now()).toEqual({ type: 'SecretMissing', reference: 'env:TOKEN', remedy });
  });

  test(
    'are read from a file, without one newline at its end',
    inDirectory(async (directory) => {
      for (const [written, value] of [
        [VALUE, VALUE],
        [`${VALUE}\n`, VALUE],
        [`${VALUE}\r\n`, VALUE],
        [`${VALUE}\n\n`, `${VALUE}\n`],
        [` ${VALUE} `, ` ${VALUE} `],
      ] as const) {
        expect(await revealed(`file:${file(directory, written)}`)).toBe(value);
      }
      expect(await revealed(`file:${file(directory, VALUE, 0o640)}`)).toBe(VALUE);
    }),
  );

  test(
    'are missing, with what to do, where there is no file, or none that holds a secret',
    inDirectory(async (directory) => {
      expect(await remedyOf(`file:${directory}/none`)).toMatch(/none cannot be read \(ENOENT\)/);
      expect(await remedyOf(`file:${directory}`)).toMatch(/is no plain file/);
      expect(await remedyOf(`file:${file(directory, '\n')}`)).toMatch(/is empty/);
      const bytes = Uint8Array.of(0x68, 0xff, 0xfe);
      expect(await remedyOf(`file:${file(directory, bytes)}`)).toMatch(/is no UTF-8 text/);
      const large = 'x'.repeat(65_537);
      expect(await remedyOf(`file:${file(directory, large)}`)).toMatch(/is larger than 65536/);
    }),
  );

  const isPosix = process.platform !== 'win32';
  testWhere(isPosix, 'Windows keeps rights elsewhere')(
    'are refused where everybody may read or change the file, and nobody waits for a pipe',
    inDirectory(async (directory) => {
      for (const mode of [0o644, 0o604, 0o602]) {
        const path = file(directory, VALUE, mode);
        expect(await remedyOf(`file:${path}`)).toBe(
          `everybody may read or change ${path}: chmod o-rwx ${path}`,
        );
      }
      mkdirSync(join(directory, 'pipes'));
      const pipe = join(directory, 'pipes', 'pipe');
      execFileSync('mkfifo', ['-m', '600', pipe]);
      expect(await remedyOf(`file:${pipe}`)).toMatch(/is no plain file/);
    }),
  );
});

describe('engine N46: a secret that was resolved', () => {
  const secret = secretOf('env:TOKEN', VALUE);
  const within = { user: 'ada', password: secret, list: [secret] };

  test('reveals its value to who asks for it', () => {
    expect(secret.reveal()).toBe(VALUE);
  });

  test.each<readonly [string, () => string]>([
    ['a text', () => `${String(secret)} ${secret.toString()} ${[secret].join()}`],
    ['JSON', () => JSON.stringify(within)],
    ['canonical JSON', () => canonicalJson(within)],
    ['what console.log prints', () => format('%s %o %O %j', secret, within, within, within)],
    ['an inspection', () => inspect(within, { depth: 9, showHidden: true, getters: true })],
    ['an error', () => inspect(new Error(`no answer for ${String(secret)}`, { cause: within }))],
    ['a failure as a line', () => describeFailure({ type: 'Refused', ...within })],
    [
      'its own fields',
      () => JSON.stringify(Object.entries(secret).map(([k, v]) => [k, String(v)])),
    ],
  ])('shows its reference and not its value in %s', (_, shown) => {
    const text = shown();
    expect(text).toContain('env:TOKEN');
    expect(text).not.toContain('hunter2');
  });

  test('cannot be changed or copied away', () => {
    expect(Object.isFrozen(secret)).toBe(true);
    let told = '';
    try {
      structuredClone(secret);
    } catch (cause) {
      told = String(cause);
    }
    expect(told).not.toBe('');
    expect(told).not.toContain('hunter2');
  });
});
