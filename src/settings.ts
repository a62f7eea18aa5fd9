import type { MarketplaceSettings } from './domain/shared/ledger.ts';

/** How the marketplace is configured where nobody has configured it. */
export const marketplaceDefaults: MarketplaceSettings = {
  currencies: { USD: 2, EUR: 2, JPY: 0, KWD: 3, BTC: 8, XMR: 12, ETH: 18 },
  rails: ['sandbox'],
  fee: { payee: 'platform', ppm: 25_000 },
};

/** The settings of every scope where nobody has configured any. */
export const defaultSettings = { marketplace: marketplaceDefaults };
