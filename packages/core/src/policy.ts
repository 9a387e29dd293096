/**
 * Which identifiers are the same invitee. Applied when an invitation is created (the canonical form is stored beside
 * the raw one) and to both raw values when somebody accepts or declines. Must be pure.
 */
export interface IdentifierPolicy {
  readonly name: string;
  /** The form by which identifiers are compared; `null`: this is not such an identifier. */
  canonical(raw: string): string | null;
}

/** The default: equality is byte equality. No trimming, case folding or Unicode normalisation. */
export const exactIdentifiers: IdentifierPolicy = Object.freeze({
  name: "exact",
  canonical: (raw: string) => raw,
});

/**
 * E-mail addresses: spaces around them and the case of ASCII letters do not matter; there must be text on both sides of
 * the last `@`. Nothing else is folded (dots, plus tags, Unicode, domain spellings), so look-alikes stay different.
 */
export const emailIdentifiers: IdentifierPolicy = Object.freeze({
  name: "email",
  canonical(raw: string): string | null {
    const trimmed = raw.replace(/^ +/, "").replace(/(?<! ) +$/, "");
    const at = trimmed.lastIndexOf("@");
    if (at < 1 || at === trimmed.length - 1) {
      return null;
    }
    return trimmed.replace(/[A-Z]+/g, (letters) => letters.toLowerCase());
  },
});
