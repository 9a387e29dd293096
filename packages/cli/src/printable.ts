/** Text in which nothing moves a terminal's cursor or hides what is there. */
export function printable(text: string): string {
  return text.replace(/(?![\n\u200d])[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, "\ufffd");
}
