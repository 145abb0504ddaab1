type Variables = Readonly<Record<string, string | undefined>>;

/** What stands in the place of a secret. */
const mask = "***";

/** Shorter values are words that may stand anywhere, and no secrets. */
const shortest = 8;

/** Names of variables whose values are secret: GITHUB_TOKEN, AWS_SECRET_ACCESS_KEY, ARGOCD_AUTH_TOKEN... */
const secretName =
  /(^|_)(TOKEN|SECRET|PASSWORD|PASSWD|PRIVATE_KEY|API_KEY|ACCESS_KEY|ACCESS_KEY_ID|SECRET_KEY|CREDENTIALS?)$/i;

interface Pattern {
  /** Stands in all that the pattern finds: where it is missing, nothing is compiled for a pattern that finds nothing. */
  readonly sign: string;
  readonly pattern: RegExp;
  /** What is left of it. */
  readonly left: string;
}

/** What looks like a secret wherever it stands. */
const patterns: readonly Pattern[] = [
  // GitHub's tokens say what they are.
  { sign: "_", pattern: /\b(gh[pousr]_[A-Za-z0-9]{16,}|github_pat_\w{20,})/g, left: mask },
  { sign: "eyJ", pattern: /\beyJ[\w-]{10,}\.eyJ[\w-]{10,}\.[\w-]+/g, left: mask },
  {
    sign: "PRIVATE KEY",
    pattern: /-----BEGIN [A-Z ]*PRIVATE KEY-----[^-]*(-----END [A-Z ]*PRIVATE KEY-----)?/g,
    left: mask,
  },
  // A header, as somebody repeats it.
  { sign: "", pattern: /\b(bearer|basic)(\s+)(?=\S*\d)[\w.~+/=-]{12,}/gi, left: `$1$2${mask}` },
  // A user, and perhaps a password, before a host. `ssh://git@host` is no secret.
  { sign: "@", pattern: /\b(https?:\/\/)[^/\s@"'`]+@/gi, left: `$1${mask}@` },
  { sign: "@", pattern: /\b([a-z][a-z0-9+.-]{0,20}:\/\/)[^/\s@"'`:]*:[^/\s@"'`]*@/gi, left: `$1${mask}@` },
  // Signed addresses.
  {
    sign: "=",
    pattern: /([?&][\w-]*(?:signature|token|secret|password|credential)=)[^&\s"'`]+/gi,
    left: `$1${mask}`,
  },
];

/** The text without what looks like a secret, and without the given ones: in messages, where others' words are quoted. */
export function withoutSecrets(text: string, secrets: readonly string[] = []): string {
  let clean = text;
  for (const secret of secrets) clean = clean.replaceAll(secret, mask);
  for (const { sign, pattern, left } of patterns) if (clean.includes(sign)) clean = clean.replace(pattern, left);
  return clean;
}

/**
 * Takes out of every text what these variables hold in secret. The second line of defence, where text leaves the process:
 * nothing should get there, and what does is not shown.
 */
export function createRedactor(env: Variables): (text: string) => string {
  let secrets: readonly string[] | undefined;
  return (text) => (text === "" ? text : withoutSecrets(text, (secrets ??= secretsOf(env))));
}

/** The longest first, so that a part of one does not leave the rest behind. */
function secretsOf(env: Variables): readonly string[] {
  const values: string[] = [];
  for (const [name, value = ""] of Object.entries(env)) {
    if (value.length >= shortest) values.push(...(secretName.test(name) ? partsOf(value) : passwordsOf(value)));
  }
  const all = values.flatMap((value) => [value, JSON.stringify(value).slice(1, -1), encodeURIComponent(value)]);
  return [...new Set(all)].filter(({ length }) => length >= shortest).toSorted((a, b) => b.length - a.length);
}

/** A key of several lines may be shown line by line. */
function partsOf(value: string): readonly string[] {
  return [
    value.trim(),
    ...value.split(/\\n|\n/).filter((line) => line.length >= 2 * shortest && !line.startsWith("---")),
  ];
}

/** Of an address with a user and a password in it, such as a proxy's. */
function passwordsOf(value: string): readonly string[] {
  if (!value.includes("@") || !URL.canParse(value)) return [];
  const { username, password } = new URL(value);
  const secret = password === "" ? username : password;
  return secret === "" ? [] : [secret, Buffer.from(`${username}:${password}`).toString("base64")];
}
