/** The newest security release of each major version that is known to us. */
export const NEWEST_RELEASES: Readonly<Record<number, number>> = { 15: 18, 16: 14, 17: 10, 18: 4 };
