import { cpSync, existsSync, mkdirSync, readFileSync, symlinkSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { blocksOf, commandOf, pathOf, root, type Block } from './markdown.ts';
import { scratch, type Scratch } from './scratch.ts';

/** What the recipe says, in its order: the blocks that are a file, an edit of one, or the output of a command. */
const recipe = (): readonly Block[] =>
  blocksOf('CONTRIBUTING.md').filter(
    (block) => pathOf(block) !== undefined || commandOf(block) !== undefined,
  );

const COPIED = [
  'src',
  'package.json',
  'tsconfig.json',
  'jest.config.mjs',
  '.oxlintrc.json',
  '.dependency-cruiser.cjs',
  '.prettierrc.json',
];

/** A copy of the project's sources that shares what is installed. */
const copied = ({ path }: Scratch): void => {
  for (const file of COPIED) {
    mkdirSync(dirname(join(path, file)), { recursive: true });
    cpSync(join(root, file), join(path, file), { recursive: true });
  }
  symlinkSync(join(root, 'node_modules'), join(path, 'node_modules'));
};

/** The text after a diff's hunk; its context must stand in the file exactly once. */
const edited = (before: string, { name, text }: Block): string => {
  const lines = text.split('\n').slice(0, -1);
  const sides = (mark: string) =>
    lines
      .filter((line) => line.startsWith(mark) || line.startsWith(' ') || line === '')
      .map((line) => `${line.slice(1)}\n`)
      .join('');
  const [from, to] = [sides('-'), sides('+')];
  const times = before.split(from).length - 1;
  if (times !== 1) throw new Error(`${name}: its context stands ${times} times in the file`);
  return before.replace(from, () => to);
};

const followed = (blocks: readonly Block[], { path, write }: Scratch): readonly string[] => {
  const written: string[] = [];
  for (const block of blocks) {
    const file = pathOf(block);
    if (file === undefined) continue;
    const isEdit = block.language === 'diff';
    write(file, isEdit ? edited(readFileSync(join(path, file), 'utf8'), block) : block.text);
    if (!isEdit) written.push(file);
  }
  return written.filter((file) => file.endsWith('.ts'));
};

describe('the recipe "add a subsystem", carried out as it is written,', () => {
  const place = scratch();
  let written: readonly string[] = [];

  beforeAll(() => {
    copied(place);
    written = followed(recipe(), place);
  });
  afterAll(place.remove);

  it('gives a subsystem that compiles under the strict settings', () => {
    expect(written).toHaveLength(6);
    expect(place.run('tsc --noEmit -p .')).toBe('');
  });

  it('keeps the style and the import table', () => {
    const files = `${written.join(' ')} src/subsystems.ts`;
    expect(place.run(`oxlint --type-aware --deny-warnings ${files}`)).toContain('0 errors');
    expect(place.run('depcruise --config .dependency-cruiser.cjs src')).toContain('no dependency');
    expect(place.run(`prettier --check ${files}`)).toContain('All matched files');
  });

  it('has a story that holds', () => {
    const stories = written.filter((file) => file.startsWith('test/'));
    expect(stories).toHaveLength(1);
    const told = place.run(`node node_modules/jest/bin/jest.js ${stories.join(' ')} 2>&1`);
    expect(told).toContain('4 passed');
  });

  it('is drawn on a page of its own', () => {
    place.run('node src/main.ts docs');
    const page = join(place.path, 'docs', 'subsystems', 'pledge.md');
    expect(existsSync(page)).toBe(true);
    expect(readFileSync(page, 'utf8')).toContain('Open --> Broken: PledgeBroken');
  });

  it('prints on the command line what the recipe says', () => {
    const outputs = recipe().filter((block) => commandOf(block) !== undefined);
    expect(outputs).toHaveLength(1);
    for (const block of outputs) expect(place.run(commandOf(block) ?? '')).toBe(block.text);
  });
});
