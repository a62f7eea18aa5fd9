import { symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { blocksOf, commandOf, documents, pathOf, root } from './markdown.ts';
import { scratch } from './scratch.ts';

/** Documents with command lines and what they print; the recipe of CONTRIBUTING.md has a test of its own. */
const shown = documents().filter(
  (document) =>
    document !== 'CONTRIBUTING.md' &&
    blocksOf(document).some((block) => commandOf(block) !== undefined),
);

/** A run with lines that were not understood ends with 1, and its output is as good as any other. */
const RAN = [0, 1];

describe('the command lines of the documents', () => {
  it('are there', () => {
    expect(shown).toContain(join('docs', 'cli.md'));
  });

  it.each(shown)('print what the document says: %s', (document) => {
    const place = scratch();
    symlinkSync(join(root, 'examples'), join(place.path, 'examples'));
    const said: (readonly [string, string])[] = [];
    const printed: typeof said = [];
    for (const block of blocksOf(document)) {
      const [command, file] = [commandOf(block), pathOf(block)];
      if (file !== undefined) place.write(file, block.text);
      if (command === undefined) continue;
      said.push([command, block.text]);
      printed.push([command, place.run(command, RAN)]);
    }
    place.remove();
    expect(printed).toEqual(said);
  });
});
