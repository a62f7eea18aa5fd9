import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { localSecrets } from '../../src/adapters/secrets.ts';
import { describeFailure } from '../../src/engine/store.ts';
import { draft, left, right } from '../support/drafts.ts';
import { testCertificate } from '../support/esdb/certificate.ts';
import { startStandIn } from '../support/esdb/stand-in.ts';
import { storeOn } from '../support/esdb/store-on.ts';

const directory = mkdtempSync(join(tmpdir(), 'chancery-secrets-'));
const [ca, password] = [join(directory, 'ca.pem'), join(directory, 'password')];
const keep = (value: string): void => {
  writeFileSync(password, value);
  chmodSync(password, 0o600);
};
writeFileSync(ca, testCertificate.cert);
afterAll(() => rmSync(directory, { recursive: true }));

const secrets = localSecrets({ ESDB_USER: 'ada' });
const onServer = async (test: (url: string, demand: (login: string) => void) => Promise<void>) => {
  const server = await startStandIn({ tls: testCertificate });
  const { port } = server.endpoint;
  const url = `esdb://127.0.0.1:${port}?tlsCAFile=${ca}&user=env:ESDB_USER&password=file:${password}`;
  try {
    await test(url, server.demandLogin);
  } finally {
    await server.stop('kill');
  }
};

describe('a user and a password that a connection string refers to', () => {
  it('N46 are read as a client connects; a changed password serves from the second call on', () =>
    onServer(async (url, demand) => {
      keep('s3cr@t:/$&');
      demand('ada:s3cr@t:/$&');
      const { events, close } = await right(storeOn(url, { secrets }).open({ readOnly: false }));
      await right(events.append('order-1', 'none', [draft()]));
      keep('another');
      demand('ada:another');
      const denied = await Promise.all([
        left(events.read('order-1')),
        left(events.append('order-1', 0, [draft()])),
      ]);
      expect(denied.map(describeFailure).join()).toContain('access to order-1 is denied');
      expect(denied.map(describeFailure).join()).not.toMatch(/s3cr|another/u);
      expect(await right(events.read('order-1'))).toHaveLength(1);
      expect(await right(events.append('order-1', 0, [draft()]))).toHaveProperty('revision', 1);
      await close();
    }));

  it('N46 are named, and no value with them, where one of them is not there', () =>
    onServer(async (url) => {
      keep('s3cret');
      const failure = await left(
        storeOn(url, { secrets: localSecrets({}) }).open({ readOnly: false }),
      );
      expect(failure).toMatchObject({
        type: 'StoreUnavailable',
        reason: expect.stringContaining('there is no secret env:ESDB_USER'),
        remedy: 'set the environment variable ESDB_USER',
      });
    }));
});
