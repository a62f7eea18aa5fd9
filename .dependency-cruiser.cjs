/** The import table of docs/architecture.md, one rule per row; what a row does not list is forbidden. */
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
/** Peer dependencies that only those install who use the adapter. */
const optional = npm('@eventstore/db-client');
const engine = '^src/engine/';
const shared = '^src/domain/shared/';
const eventVocabularies = '^src/domain/.+/events[.]ts$';
const commandVocabularies = '^src/commands/';
const rxjsInEngine = ['^src/engine/run/', '^src/engine/(?:clock|reaction)[.]ts$'];

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
      { dependencyTypes: ['npm-dev', 'npm-no-pkg', 'npm-unknown'], pathNot: optional },
      'What is published imports runtime dependencies alone',
    ),
    never(
      'client-in-its-folder',
      { path: '^src/', pathNot: '^src/adapters/eventstoredb/' },
      { path: optional },
      'Only the adapter of EventStoreDB knows its client, which not everybody installs',
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
      'rxjs-as-types-in-definitions',
      { path: '^src/engine/[^/]+$' },
      { path: npm('rxjs'), dependencyTypesNot: ['type-only'] },
      "The engine's definitions take types of RxJS; only src/engine/run runs it",
    ),
    never(
      'rxjs-in-its-place',
      {
        path: '^src/',
        pathNot: [...rxjsInEngine, '^src/(?:reactions|adapters|cli)/', '^src/main[.]ts$'],
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
        eventVocabularies,
        '^src/projections/$1/$2(?:[.]|/)',
        ...pure,
      ],
      'Projections import the engine, domain/shared, their own domain and event types',
    ),
    never(
      'projections-take-types-of-others',
      { path: '^src/projections/([^/]+)/([^/.]+)' },
      {
        path: '^src/domain/(?!shared/)',
        pathNot: '^src/domain/$1/$2/',
        dependencyTypesNot: ['type-only'],
      },
      "Projections import other domains' events as types",
    ),
    only(
      'reactions-know-messages',
      '^src/reactions/([^/]+)/([^/.]+)',
      [
        engine,
        shared,
        eventVocabularies,
        commandVocabularies,
        '^src/reactions/$1/$2(?:[.]|/)',
        ...pure,
        ...npm('rxjs'),
      ],
      'Reactions import the engine, domain/shared, RxJS, events and commands',
    ),
    never(
      'adapters-know-no-subsystem',
      { path: '^src/adapters/' },
      { path: '^src/', pathNot: [engine, shared, '^src/adapters/'] },
      'Adapters import the engine and domain/shared',
    ),
    only(
      'policies-know-definitions',
      '^src/adapters/resilience/',
      [
        '^src/engine/[^/]+$',
        '^src/adapters/resilience/',
        '^src/adapters/system-clock[.]ts$',
        ...npm('rxjs', 'lru-cache'),
      ],
      "Policies import the engine's definitions, the system's clock, themselves, RxJS and lru-cache",
    ),
    never(
      'policies-are-for-adapters',
      { path: '^src/', pathNot: ['^src/adapters/', '^src/index[.]ts$'] },
      { path: '^src/adapters/resilience/' },
      'Adapters alone stand before something that fails',
    ),
    only(
      'proofs-know-their-domain',
      '^src/proof/',
      [
        engine,
        shared,
        '^src/domain/proof/',
        '^src/commands/proof/',
        '^src/(?:proof|verify)/',
        ...pure,
      ],
      'Proofs import the engine, domain/shared, their own domain and commands',
    ),
    only(
      'verifier-is-pure',
      '^src/verify/',
      ['^src/engine/[^/]+$', shared, '^src/domain/proof/', '^src/verify/', ...pure],
      'chancery/verify runs without Node.js',
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
