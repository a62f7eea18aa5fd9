import { readFileSync, readdirSync } from 'node:fs';
import { join, resolve } from 'node:path';

/** The root of the project. */
export const root = resolve(__dirname, '..', '..');

/** A fenced block of a document: its language, the words behind it, its text, and the prose line before it. */
export type Block = {
  readonly name: string;
  readonly language: string;
  readonly marks: readonly string[];
  readonly text: string;
  readonly lead: string;
};

const FENCE = '```';

/** Every fenced block of a document, in order. A block that follows another directly has the same prose line before it. */
export const blocksOf = (file: string): readonly Block[] => {
  const blocks: Block[] = [];
  let lead = '';
  let open: { readonly info: string; readonly lines: string[] } | undefined;
  for (const [index, line] of readFileSync(join(root, file), 'utf8').split('\n').entries()) {
    if (open === undefined && line.startsWith(FENCE)) {
      open = { info: `${line.slice(FENCE.length)} ${file}:${index + 1}`, lines: [] };
    } else if (open !== undefined && line === FENCE) {
      const [language = '', ...marks] = open.info.split(' ');
      const name = marks.pop() ?? file;
      blocks.push({ name, language, marks, text: `${open.lines.join('\n')}\n`, lead });
      open = undefined;
    } else if (open !== undefined) open.lines.push(line);
    else if (line.trim() !== '') lead = line.trim();
  }
  return blocks;
};

/** The file that a block belongs into: the prose line before it ends with its path and a colon. */
export const pathOf = ({ lead }: Block): string | undefined => /`([^`]+\.\w+)`:$/u.exec(lead)?.[1];

/** The command whose output a block is: the prose line before it is the command and "prints:". */
export const commandOf = ({ lead }: Block): string | undefined =>
  /^`([^`]+)` prints:$/u.exec(lead)?.[1];

/** The documents that people read, without the generated pages. */
export const documents = (): readonly string[] => [
  'README.md',
  'CONTRIBUTING.md',
  ...readdirSync(join(root, 'docs'), { recursive: true, encoding: 'utf8' })
    .filter((path) => path.endsWith('.md') && !path.startsWith('subsystems'))
    .map((path) => join('docs', path))
    .toSorted(),
];
