import * as t from 'io-ts';
import type { MarketplaceSettings } from './domain/shared/ledger.ts';
import type { OpenFailure } from './engine/run/opening.ts';

/** How the marketplace is configured where nobody has configured it. */
export const marketplaceDefaults: MarketplaceSettings = {
  currencies: { USD: 2, EUR: 2, JPY: 0, KWD: 3, BTC: 8, XMR: 12, ETH: 18 },
  rails: ['sandbox'],
  fee: { payee: 'platform', ppm: 25_000 },
};

/** The settings of every scope where nobody has configured any. */
export const defaultSettings = { marketplace: marketplaceDefaults };

const Railed = t.type({ marketplace: t.type({ rails: t.readonlyArray(t.string) }) });

/** What no engine may be opened with: with a dot in a rail's name, two payments could share a stream's name (marketplace L5). */
export const unfitSetting = (
  settings: Readonly<Record<string, unknown>>,
): OpenFailure | undefined => {
  if (!Railed.is(settings)) return undefined;
  const { rails } = settings.marketplace;
  const index = rails.findIndex((rail) => rail.includes('.'));
  if (index < 0) return undefined;
  return {
    type: 'SettingUnfit',
    path: `settings.marketplace.rails[${index}]`,
    expected: 'a name without a dot: deposit-<rail>.<ref> must name one payment',
    found: JSON.stringify(rails[index]),
  };
};
