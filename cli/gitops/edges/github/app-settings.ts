import { createPrivateKey, type KeyObject } from "node:crypto";
import { readFileSync } from "node:fs";
import { fail } from "../../../../schemas/problem.ts";
import type { Variables } from "./token.ts";

/** A GitHub App as which the calls are made. */
export interface AppSettings {
  /** The App's number, or its client id. */
  readonly appId: string;
  /** PKCS#8, PEM. Part of no message. */
  readonly privateKey: string;
  /** null: looked up by the repository, which takes a call. */
  readonly installationId: number | null;
}

const names = {
  id: "MMSP_GITHUB_APP_ID",
  key: "MMSP_GITHUB_APP_PRIVATE_KEY",
  file: "MMSP_GITHUB_APP_PRIVATE_KEY_FILE",
  installation: "MMSP_GITHUB_APP_INSTALLATION_ID",
} as const;

/**
 * The App that MMSP_GITHUB_APP_ID names, with its key read and tried; null where none is named. Throws a ProblemError for half
 * an App, for a file that cannot be read, and for a key that could not sign; never with a part of the key.
 */
export function readAppSettings(env: Variables): AppSettings | null {
  const given = (name: string): string => env[name]?.trim() ?? "";
  const appId = given(names.id);
  if (appId === "") return withoutId(given);
  if (!/^[A-Za-z0-9.]{1,40}$/.test(appId)) {
    fail({
      code: "github-app-id",
      message: `${names.id} is neither the number of an App nor its client id`,
      hint: "both stand on the App's page, under General",
    });
  }
  return { appId, privateKey: keyOf(given), installationId: installationOf(given(names.installation)) };
}

type Given = (name: string) => string;

function withoutId(given: Given): null {
  const lonely = [names.key, names.file, names.installation].find((name) => given(name) !== "");
  if (lonely === undefined) return null;
  return fail({
    code: "github-app-incomplete",
    message: `${lonely} is set, and ${names.id} is not`,
    hint: `set ${names.id} too to work as a GitHub App, or neither of them to work with a token`,
  });
}

function installationOf(text: string): number | null {
  if (text === "") return null;
  if (/^\d{1,15}$/.test(text)) return Number(text);
  return fail({
    code: "github-app-installation",
    message: `${names.installation} is not a number`,
    hint: "it ends the address of the installation's page; leave it out, and it is found by the repository",
  });
}

/** As PKCS#8, which is what the signing library takes everywhere; GitHub hands out PKCS#1. */
function keyOf(given: Given): string {
  const { text, place } = keyText(given);
  let key: KeyObject;
  try {
    key = createPrivateKey(text);
  } catch {
    // Not the cause: what a parser says of a key may quote it.
    return unusable(place, "does not hold a private key that can be read (PEM)");
  }
  if (key.asymmetricKeyType !== "rsa") return unusable(place, "holds a key that is not RSA");
  return key.export({ type: "pkcs8", format: "pem" });
}

function unusable(place: string, what: string): never {
  const hint =
    'it is the whole file that GitHub gives out under "Private keys", from BEGIN to END; in a variable its line breaks may be written as \\n';
  return fail({ code: "github-app-key", message: `${place} ${what}`, hint });
}

function keyText(given: Given): { readonly text: string; readonly place: string } {
  const [key, file] = [given(names.key), given(names.file)];
  if (key !== "" && file !== "") {
    fail({
      code: "github-app-key",
      message: `${names.key} and ${names.file} are both set`,
      hint: "set one of them",
    });
  }
  if (key !== "") return { text: key.replaceAll("\\n", "\n"), place: names.key };
  if (file === "") {
    fail({
      code: "github-app-incomplete",
      message: `${names.id} is set without a private key`,
      hint: `set ${names.file} to the file that GitHub gives out under "Private keys", or ${names.key} to what is in it`,
    });
  }
  try {
    return { text: readFileSync(file, "utf8"), place: `the file of ${names.file}` };
  } catch (error) {
    const why = (error as NodeJS.ErrnoException).code ?? "unreadable";
    return fail({
      code: "github-app-key",
      message: `the file of ${names.file} cannot be read (${why})`,
      hint: "check its path, and that this user may read it",
    });
  }
}
