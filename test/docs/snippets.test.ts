import { readFileSync, mkdirSync, symlinkSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { blocksOf, documents, pathOf, root, type Block } from './markdown.ts';
import { scratch, type Scratch } from './scratch.ts';

type Snippet = Block & { readonly file: string; readonly prints: string | undefined };

/** A snippet that runs prints the text block that follows it, if one does. */
const snippetsOf = (document: string): readonly Snippet[] =>
  blocksOf(document).flatMap((block, index, blocks) => {
    const isSnippet = block.language === 'ts' && pathOf(block) === undefined;
    if (!isSnippet || block.marks.includes('ignore')) return [];
    const next = blocks[index + 1];
    const prints = next?.language === 'text' ? next.text : undefined;
    return [{ ...block, file: `${block.name.replaceAll(/\W+/gu, '-')}.ts`, prints }];
  });

const { dependencies } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as {
  readonly dependencies: Readonly<Record<string, string>>;
};

const entry = { chancery: 'src/index.ts', 'chancery/testing': 'src/testing/given.ts' };

const tsconfig = {
  extends: join(root, 'tsconfig.json'),
  compilerOptions: {
    types: ['node'],
    typeRoots: [join(root, 'node_modules', '@types')],
    paths: Object.fromEntries(Object.entries(entry).map(([name, at]) => [name, [join(root, at)]])),
  },
  include: ['*.ts'],
};

const use = (file: string): string =>
  `export * from ${JSON.stringify(pathToFileURL(join(root, file)))};\n`;

/** Makes the scratch directory a project that uses this one as the package `chancery`. */
const asUser = ({ path, write }: Scratch): void => {
  const exported = { '.': './index.js', './testing': './testing.js' };
  write('package.json', JSON.stringify({ type: 'module' }));
  write('tsconfig.json', JSON.stringify(tsconfig));
  write(
    'node_modules/chancery/package.json',
    JSON.stringify({ name: 'chancery', type: 'module', exports: exported }),
  );
  write('node_modules/chancery/index.js', use(entry.chancery));
  write('node_modules/chancery/testing.js', use(entry['chancery/testing']));
  for (const name of Object.keys(dependencies)) {
    const link = join(path, 'node_modules', name);
    mkdirSync(dirname(link), { recursive: true });
    symlinkSync(join(root, 'node_modules', name), link);
  }
};

describe('the TypeScript blocks of the documents', () => {
  const snippets = documents().flatMap(snippetsOf);
  const place = scratch();

  beforeAll(() => {
    asUser(place);
    for (const { file, text } of snippets) place.write(file, text);
  });
  afterAll(place.remove);

  it('compile under the strict settings', () => {
    expect(snippets.length).toBeGreaterThan(0);
    expect(place.run('tsc --noEmit -p .')).toBe('');
  });

  it.each(snippets.filter(({ marks }) => marks.includes('run')))(
    'run, and print what stands below them: $name',
    ({ file, prints }) => {
      expect(place.run(`node ${file}`)).toBe(prints ?? '');
    },
  );
});
