import fc from 'fast-check';
import { memoryStore } from '../../src/adapters/memory/memory-store.ts';
import { createEngine } from '../../src/create-engine.ts';
import { escrowCommands } from '../../src/commands/marketplace/escrow.ts';
import type { Engine } from '../../src/engine/run/engine.ts';
import { defaultSettings, marketplaceDefaults } from '../../src/settings.ts';
import { escrowSubsystem, subsystems } from '../../src/subsystems.ts';
import { ruled } from '../support/arbitrary-guides.ts';
import { answerTo, play, scripts, type Guide } from '../support/arbitrary-histories.ts';
import { search } from '../support/arbitrary-runs.ts';
import { engines } from '../support/engines.ts';

describe.each(ruled)('the settings that %s asks for', (_, subsystem, guide) => {
  test('engine N41: are those of the scope named like its area, and that scope has defaults', () => {
    const scopes = new Set<string>();
    const watching: Guide = {
      ...guide,
      answer: (lookup, command, scene) => {
        if (lookup.kind === 'settings') scopes.add(lookup.scope);
        return answerTo(guide, lookup, command, scene);
      },
    };
    fc.assert(
      fc.property(scripts(subsystem, guide), (script) => {
        play(subsystem, watching, script);
      }),
      search(100),
    );
    // Not every subsystem asks for settings.
    expect([subsystem.area]).toEqual(expect.arrayContaining([...scopes]));
    expect(Object.keys(defaultSettings)).toEqual(expect.arrayContaining([...scopes]));
  });
});

test('marketplace L5: a rail whose name has a dot is refused: two payments could share a stream', async () => {
  const marketplace = { ...marketplaceDefaults, rails: ['sandbox', 'bank.eu'] };
  const opening = createEngine({ store: memoryStore(), subsystems, settings: { marketplace } });
  await expect(opening).rejects.toMatchObject({
    failure: {
      type: 'SettingUnfit',
      path: 'settings.marketplace.rails[1]',
      found: '"bank.eu"',
    },
  });
});

describe('engine N41: settings that change', () => {
  const start = engines();
  const ada = { id: 'ada', roles: [] };
  const terms = {
    buyer: 'ada',
    seller: 'bob',
    arbiter: { actor: 'cyd' },
    milestones: [{ title: 'all', amount: { currency: 'USD', amount: '100' } }],
  };
  const send = (engine: Engine, command: Parameters<Engine['sendTE']>[1]) =>
    engine.send(escrowSubsystem, 'escrow-1', command as never, { actor: ada });
  const withFee = (ppm: number) => ({
    marketplace: { ...marketplaceDefaults, fee: { payee: 'platform', ppm } },
  });

  test('reach no event that was decided before: it records what it was decided by, and under which version of the terms', async () => {
    const store = memoryStore();
    const before = await start({ store, subsystems, settings: withFee(10) });
    await send(before, escrowCommands.of.OpenEscrow({ terms }));
    await before.close();
    const after = await start({ store, subsystems, settings: withFee(20) });
    const { state } = await after.stateAt(escrowSubsystem, 'escrow-1');
    expect(state).toMatchObject({ version: 1, fee: { payee: 'platform', ppm: 10 } });
    await send(after, escrowCommands.of.AmendTerms({ terms: { ...terms, memo: 'new' } }));
    const history = await after.history('escrow-1');
    expect(history.map(({ type, data }) => [type, data])).toMatchObject([
      ['EscrowOpened', { version: 1, fee: { ppm: 10 } }],
      ['TermsAmended', { version: 2, fee: { ppm: 20 } }],
    ]);
    expect((await after.checkReplay()).identical).toBe(true);
  });
});
