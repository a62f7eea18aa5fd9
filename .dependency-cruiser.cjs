/**
 * The import table of docs/architecture.md, one rule per row; what a row does not list is forbidden.
 * That reactions import types and no values of domains and commands is checked in .oxlintrc.json.
 */
const page = 'see docs/architecture.md#who-may-import-whom';

const npm = (...names) => names.map((name) => `node_modules/${name}/`);
const pure = npm(
  'io-ts',
  'immer',
  '@noble/[^/]+',
  'multiformats',
  '@ipld/[^/]+',
  're2js',
  '@js-temporal/polyfill',
  'yaml',
  'saxes',
);
const engine = '^src/engine/';
const shared = '^src/domain/shared/';
const eventTypes = '^src/domain/.+/events[.]ts$';
const commandTypes = '^src/commands/';
const rxjsInEngine = '^src/engine/(?:(?:reaction|deadline|store|clock)|.*runner)';

/** Files under `path` may import what `allowed` matches, and nothing else. */
const only = (name, from, allowed, comment) => ({
  name,
  severity: 'error',
  comment: `${comment}: ${page}`,
  from: typeof from === 'string' ? { path: from } : from,
  to: { pathNot: allowed },
});

const never = (name, from, to, comment) => ({
  name,
  severity: 'error',
  comment: `${comment}: ${page}`,
  from,
  to,
});

module.exports = {
  forbidden: [
    never('no-circular', {}, { circular: true }, 'No cycles, of types neither'),
    never('resolvable', {}, { couldNotResolve: true }, 'Every import must resolve'),
    never(
      'runtime-dependencies-only',
      { path: '^src/' },
      { dependencyTypes: ['npm-dev', 'npm-no-pkg', 'npm-unknown'] },
      'What is published imports runtime dependencies alone',
    ),
    only(
      'engine-knows-no-subsystem',
      engine,
      [
        engine,
        ...npm('@noble/hashes', 'canonicalize', 'io-ts', 'immer', 'fp-ts', 'lru-cache', 'rxjs'),
      ],
      'The engine imports the engine and pure packages',
    ),
    never(
      'fp-ts-through-one-door',
      { path: '^src/', pathNot: '^src/engine/fp[.]ts$' },
      { path: npm('fp-ts') },
      'fp-ts enters through src/engine/fp.ts',
    ),
    never(
      'rxjs-in-its-place',
      {
        path: '^src/',
        pathNot: [rxjsInEngine, '^src/(?:reactions|adapters|cli)/', '^src/main[.]ts$'],
      },
      { path: npm('rxjs') },
      'RxJS is for reactions, runners and adapters',
    ),
    only(
      'domain-is-pure',
      '^src/domain/([^/]+)/([^/]+)/',
      [engine, shared, '^src/domain/$1/$2/', ...pure],
      'A domain imports the engine, domain/shared, itself and pure packages',
    ),
    only(
      'domain-shared-is-pure',
      '^src/domain/(?:shared/|[^/]+[.]ts$|[^/]+/[^/]+[.]ts$)',
      [engine, shared, ...pure],
      'domain/shared imports the engine, itself and pure packages',
    ),
    only(
      'commands-know-their-domain',
      '^src/commands/([^/]+)/([^/.]+)',
      [engine, shared, '^src/domain/$1/$2/', '^src/commands/$1/$2(?:[.]|/)', ...pure],
      'Commands import the engine, domain/shared and their own domain',
    ),
    only(
      'projections-know-events',
      '^src/projections/([^/]+)/([^/.]+)',
      [
        engine,
        shared,
        '^src/domain/$1/$2/',
        eventTypes,
        '^src/projections/$1/$2(?:[.]|/)',
        ...pure,
      ],
      'Projections import the engine, domain/shared, their own domain and event types',
    ),
    only(
      'reactions-know-messages',
      '^src/reactions/([^/]+)/([^/.]+)',
      [
        engine,
        shared,
        eventTypes,
        commandTypes,
        '^src/reactions/$1/$2(?:[.]|/)',
        ...pure,
        ...npm('rxjs'),
      ],
      'Reactions import the engine, domain/shared, RxJS, event types and command types',
    ),
    never(
      'adapters-know-no-subsystem',
      { path: '^src/adapters/' },
      { path: '^src/', pathNot: [engine, shared, '^src/adapters/'] },
      'Adapters import the engine and domain/shared',
    ),
    only(
      'testing-is-for-users',
      '^src/testing/',
      [engine, '^src/testing/', '^(?:node:)?assert(?:/strict)?$', ...pure, ...npm('fast-check')],
      'chancery/testing imports the engine and no test runner',
    ),
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    tsPreCompilationDeps: true,
    parser: 'swc',
    enhancedResolveOptions: {
      extensions: ['.ts', '.js', '.json'],
      exportsFields: ['exports'],
      conditionNames: ['import', 'require', 'node', 'default'],
    },
  },
};
