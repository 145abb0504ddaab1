/** `apiKey: "..."`, `PASSWORD=...`, `--token=...`: the value is the second group. */
const assignment =
  /([\w-]*(?:secret|token|passw(?:or)?d|api[_-]?key|access[_-]?key|credential)[\w-]*["'`]?\s*[:=]\s*["'`]?)([\w+/=.~-]{20,})/gi;

/** Bits for each character; English words and `writer-token-0123456789` have less, keys from a generator more. */
const leastEntropy = 3.7;

/**
 * Where random text is assigned to a name that says it is secret, whatever service it is of. Lines and columns from 1. A line with
 * the comment by which secretlint leaves it out is left out here too.
 */
export function assignedSecrets(text: string): { readonly line: number; readonly column: number }[] {
  return text.split("\n").flatMap((content, at) => {
    if (content.includes("secretlint-disable-line")) return [];
    return [...content.matchAll(assignment)]
      .filter(([, , value = ""]) => looksRandom(value))
      .map((match) => ({ line: at + 1, column: match.index + (match[1] ?? "").length + 1 }));
  });
}

/** Letters and digits mixed without the order that names, paths and counting have. */
function looksRandom(text: string): boolean {
  if (!/\d/.test(text) || !/[a-z]/i.test(text)) return false;
  if (/0123456789|0{6}|1234567|abcdef|process\.env/i.test(text)) return false;
  // Dotted and dashed words are code or names.
  const longest = Math.max(...text.split(/[^A-Za-z0-9+/]/).map((part) => part.length));
  return longest >= 20 && entropyOf(text) >= leastEntropy;
}

/** Shannon's, in bits for each character. */
function entropyOf(text: string): number {
  const counts = new Map<string, number>();
  for (const character of text) counts.set(character, (counts.get(character) ?? 0) + 1);
  const shares = [...counts.values()].map((count) => count / text.length);
  return shares.reduce((sum, share) => sum - share * Math.log2(share), 0);
}
