/** Why no answer came, for people; null where something else was wrong. */
export function networkReason(error: unknown): string | null {
  if (!(error instanceof Error)) return null;
  if (error.name === "TimeoutError") return "it did not answer in time";
  const code = "code" in error && typeof error.code === "string" ? error.code : "";
  if (/CERT|SIGNATURE|SELF_SIGNED|ISSUER|ALTNAME/i.test(code)) return `its certificate is not trusted (${code})`;
  const known: Readonly<Record<string, string>> = {
    ECONNREFUSED: "the connection was refused",
    ECONNRESET: "the connection was cut",
    ENOTFOUND: "its name is not known",
    EAI_AGAIN: "its name cannot be looked up now",
  };
  // fetch throws a TypeError for whatever the network did; other errors are ours.
  return known[code] ?? (error instanceof TypeError ? `the connection failed${code && ` (${code})`}` : null);
}
