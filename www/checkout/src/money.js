/** Prices of one lamp in each currency's smallest unit, as payment APIs count: yen have no smaller one. */
export const PRICES = { EUR: 11_800, USD: 12_800, GBP: 9_900, JPY: 18_800 };

/** An amount of the smallest unit as people write it. */
export function money(amount, currency) {
  const format = new Intl.NumberFormat('en', { style: 'currency', currency });
  return format.format(amount / 10 ** format.resolvedOptions().maximumFractionDigits);
}
