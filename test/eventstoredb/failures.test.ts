import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { once } from 'node:events';
import { createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { describeFailure } from '../../src/engine/store.ts';
import { draft, drafts, freshStream, left, right } from '../support/drafts.ts';
import { testCertificate } from '../support/esdb/certificate.ts';
import { startStandIn } from '../support/esdb/stand-in.ts';
import { onStandIn, storeOn } from '../support/esdb/store-on.ts';

const PASSWORD = 's3cr@t';
const login = `ada:${encodeURIComponent(PASSWORD)}@`;

/** How opening a store fails, and after how many milliseconds. */
const opening = async (connection: string, openMs = 1_000) => {
  const began = performance.now();
  const failure = await left(storeOn(connection, { openMs }).open({ readOnly: false }));
  const tookMs = performance.now() - began;
  const text = describeFailure(failure);
  expect([text.includes(PASSWORD), text.includes(encodeURIComponent(PASSWORD))]).toEqual([
    false,
    false,
  ]);
  const { path } = failure as { readonly path?: string };
  expect(text.split(path ?? 'EventStoreDB')).toHaveLength(2);
  return { failure, tookMs };
};

describe('a store that cannot be opened says why', () => {
  it('a bad connection string', async () => {
    const { failure } = await opening(`esdb://${login}host?tls=false`);
    expect(failure).toMatchObject({
      type: 'StoreUnavailable',
      path: 'EventStoreDB',
      reason: expect.stringContaining('without TLS'),
    });
  });

  it('nobody listens', async () => {
    const server = await startStandIn();
    await server.stop('kill');
    const { failure } = await opening(server.connectionString, 10_000);
    expect(failure).toMatchObject({
      type: 'StoreUnavailable',
      reason: expect.stringMatching(
        /^cannot reach EventStoreDB at 127[.]0[.]0[.]1:\d+: given up after attempt \d+, .*ECONNREFUSED/u,
      ),
      remedy: expect.stringContaining('check that it runs'),
    });
  });

  it('a server that takes bytes and answers nothing, within its deadline', async () => {
    const sockets: Socket[] = [];
    const silent = createServer((socket) => sockets.push(socket)).listen(0, '127.0.0.1');
    await once(silent, 'listening');
    const address = silent.address();
    const port = typeof address === 'object' ? address?.port : undefined;
    const { failure, tookMs } = await opening(`esdb://127.0.0.1:${port}?tls=false`, 500);
    silent.close();
    for (const socket of sockets) socket.destroy();
    expect(failure).toHaveProperty('reason', expect.stringContaining('no answer in 500 ms'));
    expect(tookMs).toBeLessThan(5_000);
  });

  it('a server without TLS asked with TLS', async () => {
    const server = await startStandIn();
    const { port } = server.endpoint;
    const { failure } = await opening(`esdb://${login}127.0.0.1:${port}`);
    await server.stop('kill');
    expect(failure).toHaveProperty('remedy', expect.stringContaining('TLS'));
  });

  it('a server with TLS asked without', async () => {
    const server = await startStandIn({ tls: testCertificate });
    const { failure } = await opening(`esdb://127.0.0.1:${server.endpoint.port}?tls=false`);
    await server.stop('kill');
    expect(failure).toHaveProperty('remedy', expect.stringContaining('take out tls=false'));
  });

  it('a certificate that nobody vouches for, until its authority is named', async () => {
    const server = await startStandIn({ tls: testCertificate });
    const { failure } = await opening(server.connectionString);
    expect(failure).toHaveProperty('remedy', expect.stringContaining('tlsCAFile'));
    const directory = mkdtempSync(join(tmpdir(), 'chancery-ca-'));
    const file = join(directory, 'ca.pem');
    writeFileSync(file, testCertificate.cert);
    const secure = `esdb://${login}127.0.0.1:${server.endpoint.port}?tlsCAFile=${file}`;
    const { events, close } = await right(storeOn(secure).open({ readOnly: false }));
    expect(await right(events.append(freshStream(), 'none', [draft()]))).toHaveProperty(
      'revision',
      0,
    );
    await close();
    await server.stop('kill');
    rmSync(directory, { recursive: true });
  });

  it.each(['access-denied', 'unauthenticated'] as const)('wrong credentials: %s', async (fault) => {
    const server = await startStandIn();
    server.fail('read', fault);
    const { failure } = await opening(server.connectionString);
    await server.stop('kill');
    expect(failure).toMatchObject({
      reason: expect.stringContaining('access to $all is denied'),
      remedy: expect.stringContaining('check the user and the password'),
    });
  });

  it('N45 a client that is not installed', () => {
    const program = resolve(__dirname, '..', 'support', 'esdb', 'without-client-process.ts');
    const { stdout } = spawnSync(process.execPath, [program], { encoding: 'utf8' });
    expect(JSON.parse(stdout)).toEqual({
      type: 'AdapterUnavailable',
      adapter: 'EventStoreDB',
      remedy: expect.stringContaining('npm install @eventstore/db-client'),
    });
  });
});

describe('an append that cannot be', () => {
  it(
    'N16 is refused where a key of its metadata would be taken for one of the store’s own',
    onStandIn(async ({ events }, server) => {
      for (const key of ['$causationId', '$maxAge', 'version', 'contentHash']) {
        const one = draft();
        const failure = await left(
          events.append('order-1', 'none', [{ ...one, metadata: { ...one.metadata, [key]: 'x' } }]),
        );
        expect(failure).toMatchObject({
          type: 'AppendRefused',
          reason: expect.stringContaining(`metadata key ${key}`),
        });
      }
      expect(server.log.records).toEqual([]);
    }),
  );

  it(
    'is refused with its size where it is too large: an event of 2 MiB, a batch of 10,000',
    onStandIn(async ({ events }) => {
      const large = { text: 'x'.repeat(2 * 1_048_576) };
      const stream = freshStream();
      for (const batch of [[draft(large)], drafts(10_000)]) {
        expect(await left(events.append(stream, 'none', batch))).toEqual({
          type: 'AppendTooLarge',
          size: expect.any(Number),
          limit: 1_048_576,
        });
      }
    }),
  );

  it(
    'is refused where its names are the server’s or its ids are no UUIDs',
    onStandIn(async ({ events }, server) => {
      const refused = { type: 'AppendRefused', remedy: expect.any(String) };
      const append = (stream: `${string}-${string}`, one: ReturnType<typeof draft>) =>
        left(events.append(stream, 'none', [one]));
      expect(await append('order-1', { ...draft(), id: 'not-a-uuid' })).toMatchObject({
        ...refused,
        reason: 'the event id not-a-uuid is no UUID in lower case',
      });
      expect(await append('order-1', draft({}, '$>'))).toMatchObject(refused);
      expect(await append('order-1', draft({}, ''))).toMatchObject(refused);
      expect(await append('$ce-order', draft())).toMatchObject(refused);
      expect(server.log.records).toEqual([]);
    }),
  );

  it(
    'is refused as access to its stream is',
    onStandIn(async ({ events }, server) => {
      server.fail('append', 'access-denied');
      const failure = await left(events.append('order-1', 'none', [draft()]));
      expect(failure).toMatchObject({
        type: 'StoreUnavailable',
        reason: 'access to order-1 is denied',
      });
    }),
  );
});
