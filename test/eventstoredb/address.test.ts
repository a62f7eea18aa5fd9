import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { addressOf } from '../../src/adapters/eventstoredb/address.ts';
import { E } from '../../src/engine/fp.ts';

const read = (text: string) => E.toUnion(addressOf(text));

describe('the address of a server', () => {
  it.each([
    ['esdb://host', 'esdb://host:2113', 'esdb://host:2113'],
    ['esdb://host:1234/', 'esdb://host:1234', 'esdb://host:1234'],
    ['kurrentdb://host?tls=true', 'esdb://host:2113', 'esdb://host:2113?tls=true'],
    ['kdb://a,b:2114', 'esdb://a:2113,b:2114', 'esdb://a:2113,b:2114'],
    ['esdb+discover://dns', 'esdb+discover://dns:2113', 'esdb+discover://dns:2113'],
    ['kdb+discover://dns', 'esdb+discover://dns:2113', 'esdb+discover://dns:2113'],
    ['esdb+discover://a,b', 'esdb://a:2113,b:2113', 'esdb://a:2113,b:2113'],
    [
      'esdb://ada:s3cr%40t%3A@host?TLS=true&keep-alive-timeout=500',
      'esdb://host:2113',
      'esdb://ada:s3cr%40t%3A@host:2113?tls=true&keepAliveTimeout=500',
    ],
    [
      'esdb://ada:pw@127.0.0.1,localhost?tls=false',
      'esdb://127.0.0.1:2113,localhost:2113',
      'esdb://ada:pw@127.0.0.1:2113,localhost:2113?tls=false',
    ],
  ])('%s is shown as %s and dialled as %s', (text, name, connectionString) => {
    expect(read(text)).toMatchObject({ name, to: { connectionString } });
  });

  it('may be a socket in the file system, which speaks no TLS', () => {
    expect(read('unix:/run/esdb.sock')).toEqual({
      name: 'unix:/run/esdb.sock',
      to: { socket: 'unix:/run/esdb.sock' },
      isSecure: false,
      password: undefined,
    });
    expect(read('unix:esdb.sock')).toHaveProperty(
      'reason',
      expect.stringContaining('begin with /'),
    );
  });

  it('N46 may refer to a user and a password, which the client is not told of before it connects', () => {
    expect(read('esdb://host?user=env:USER&tls=true&password=file%3A/run/pw')).toEqual({
      name: 'esdb://host:2113',
      to: { connectionString: 'esdb://host:2113?tls=true' },
      isSecure: true,
      password: undefined,
      references: { user: 'env:USER', password: 'file:/run/pw' },
    });
  });

  it('names files that are there', () => {
    const directory = mkdtempSync(join(tmpdir(), 'chancery-ca-'));
    const file = join(directory, 'ca.pem');
    expect(read(`esdb://host?tlsCAFile=${encodeURIComponent(file)}`)).toHaveProperty('reason');
    writeFileSync(file, '');
    expect(read(`esdb://host?tlsCAFile=${encodeURIComponent(file)}`)).toHaveProperty('to');
    rmSync(directory, { recursive: true });
  });

  const SECRET = 's3cret';
  it.each([
    ['http://host', 'scheme'],
    ['host:2113', 'no connection string'],
    ['', 'no connection string'],
    [`esdb://ada:${SECRET}@`, 'no connection string'],
    ['esdb://host:99999', 'host 1'],
    ['esdb://a,b:port', 'host 2'],
    ['esdb://[::1]:2113', 'host 1'],
    [`esdb://${SECRET}@host`, 'no user with a password'],
    [`esdb://:${SECRET}@host`, 'no user with a password'],
    ['esdb://ada:@host', 'no user with a password'],
    [`esdb://ada:%${SECRET}@host`, 'no user with a password'],
    [`esdb://ada:${SECRET}@other@host`, 'no connection string'],
    [`esdb://ada:pw?${SECRET}@host`, 'host 1'],
    [`esdb://ada:${SECRET}@host?tls=false`, 'without TLS'],
    [`esdb://ada:${SECRET}@127.0.0.1,host?tls=false`, 'without TLS'],
    [`esdb://host?${SECRET}=1`, 'not known'],
    ['esdb://host?user=env:USER', 'user and password is missing'],
    ['esdb://host?password=file:/run/pw', 'user and password is missing'],
    [`esdb://host?user=env:USER&password=${SECRET}`, 'password is not env:NAME or file:/path'],
    [`esdb://ada:${SECRET}@host?user=env:USER&password=env:PW`, 'names a user twice'],
    ['esdb://host?user=env:USER&password=env:PW&tls=false', 'without TLS'],
    ['esdb://host?tls=maybe', 'tls is not true or false'],
    ['esdb://host?tlsVerifyCert=false', 'tlsVerifyCert is not true'],
    ['esdb://host?throwOnAppendFailure=false', 'throwOnAppendFailure is not true'],
    ['esdb://host?defaultDeadline=soon', 'defaultDeadline is not whole milliseconds'],
  ])('%s is refused with what to do, and shows nothing of it', (text, reason) => {
    const found = read(text);
    expect(found).toEqual({
      reason: expect.stringContaining(reason),
      remedy: expect.stringMatching(/^.{10,}/u),
    });
    expect(JSON.stringify(found)).not.toContain(SECRET);
  });
});
