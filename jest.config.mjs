const compiled = (syntax) => [
  '@swc/jest',
  { jsc: { parser: { syntax }, target: 'es2022' }, module: { type: 'commonjs' } },
];

/** Jest loads CommonJS, so these packages, published as ES modules alone, are compiled too. */
const esModulesOnly = [
  '@noble',
  '@ipld',
  'canonicalize',
  'cborg',
  'cockatiel',
  'commander',
  'multiformats',
];

export default {
  testEnvironment: 'node',
  testMatch: ['<rootDir>/test/**/*.test.ts'],
  testTimeout: 60_000,
  // Most tests wait for a disk or a process: no core is kept back.
  maxWorkers: '100%',
  transform: { '\\.ts$': compiled('typescript'), '\\.m?js$': compiled('ecmascript') },
  transformIgnorePatterns: [`/node_modules/(?!(?:${esModulesOnly.join('|')})/)`],
  // Its exports name only what is imported, and Jest asks as one who requires.
  moduleNameMapper: { '^multiformats/(.+)$': '<rootDir>/node_modules/multiformats/dist/src/$1.js' },
  modulePathIgnorePatterns: ['<rootDir>/dist/', '<rootDir>/data/'],
};
