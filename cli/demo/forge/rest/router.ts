/** Routes by GitHub's own templates: `GET /repos/{owner}/{repo}/pulls`. */
import { z } from "zod";
import { notImplemented, Refusal } from "../fault.ts";
import type { Scope } from "../world.ts";

export type Method = "GET" | "POST" | "PATCH" | "PUT" | "DELETE";

/** The names in braces of a template. */
type ParameterNames<Template extends string> = Template extends `${string}{${infer Name}}${infer Rest}`
  ? Name | ParameterNames<Rest>
  : never;

export interface RestCall<Names extends string = string> extends Scope {
  readonly params: Readonly<Record<Names, string>>;
  readonly url: URL;
  readonly accept: string;
  readonly body: unknown;
}

export interface RestReply {
  readonly status: number;
  /** Left out for an empty reply (204). Bytes are sent as they are, anything else as JSON. */
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}

export interface Route {
  readonly method: Method;
  readonly template: string;
  readonly access: "read" | "write";
  /** What its query may say, pages apart. */
  readonly query: readonly string[];
  handle(call: RestCall): Promise<RestReply> | RestReply;
}

export interface MatchedRoute {
  readonly route: Route;
  readonly params: Readonly<Record<string, string>>;
}

/** A route whose handler gets exactly the parameters that the template names. */
export function route<const Template extends string>(
  method: Method,
  template: Template,
  access: Route["access"],
  handle: (call: RestCall<ParameterNames<Template>>) => Promise<RestReply> | RestReply,
): Route {
  return { method, template, access, query: [], handle };
}

/** The same route with names that its query may have. */
export function asking(query: readonly string[], asked: Route): Route {
  return { ...asked, query };
}

/** These stand last in their template and may hold slashes, written as such or as %2F. */
const REST_OF_PATH = new Set(["path", "basehead"]);

function pattern(template: string): RegExp {
  const source = template.replaceAll(/\{(\w+)\}/g, (_, name: string) => {
    const many = REST_OF_PATH.has(name) || (name === "ref" && template.includes("/git/"));
    return `(?<${name}>${many ? ".+" : "[^/]+"})`;
  });
  return new RegExp(`^${source}$`);
}

export type Router = (method: string, path: string) => MatchedRoute | null;

export function createRouter(routes: readonly Route[]): Router {
  const compiled = routes.map((route) => ({ route, pattern: pattern(route.template) }));
  return (method, path) => {
    for (const { route, pattern } of compiled) {
      const match = route.method === method ? pattern.exec(path) : null;
      if (!match) continue;
      const params = Object.entries(match.groups ?? {}).map(([name, value]) => [name, decode(value)]);
      return { route, params: Object.fromEntries(params) };
    }
    return null;
  };
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    throw new Refusal("bad-request", `${text} is not a valid part of a URL`);
  }
}

/** The call's body as the schema has it; GitHub's 422 where it is not. A field that would not be obeyed is refused. */
export function bodyOf<Schema extends z.ZodType>(call: RestCall<never>, schema: Schema): z.output<Schema> {
  const body = call.body ?? {};
  const known = schema instanceof z.ZodObject ? Object.keys(schema.shape) : Object.keys(body);
  const other = Object.keys(body).find((name) => !known.includes(name));
  if (other !== undefined) throw notImplemented(`the field "${other}"`);
  const result = schema.safeParse(body);
  if (result.success) return result.data;
  const complaints = result.error.issues.map((issue) => `${issue.path.join("/") || "body"}: ${issue.message}`);
  throw new Refusal("unprocessable", `Invalid request.\n\n${complaints.join("\n")}`);
}

/** A number in the path, such as a pull request's; anything else is not found. */
export function numberOf(text: string): number {
  if (!/^\d{1,9}$/.test(text)) throw new Refusal("not-found", "Not Found");
  return Number(text);
}

export function ok(body: unknown): RestReply {
  return { status: 200, body };
}

/** One page of a list as `page` and `per_page` ask for, with GitHub's Link header to the others. */
export function pageOf<Item>(
  call: RestCall<never>,
  items: readonly Item[],
): { readonly items: readonly Item[]; readonly headers: Readonly<Record<string, string>> } {
  const size = Math.min(Math.max(queryNumber(call.url, "per_page", 30), 1), 100);
  const page = Math.max(queryNumber(call.url, "page", 1), 1);
  const last = Math.max(Math.ceil(items.length / size), 1);
  const link = (to: number, relation: string) => {
    const url = new URL(call.url);
    url.searchParams.set("page", String(to));
    return `<${url.href}>; rel="${relation}"`;
  };
  const links = [
    ...(page > 1 ? [link(page - 1, "prev"), link(1, "first")] : []),
    ...(page < last ? [link(page + 1, "next"), link(last, "last")] : []),
  ];
  return {
    items: items.slice((page - 1) * size, page * size),
    headers: links.length > 0 ? { link: links.join(", ") } : {},
  };
}

function queryNumber(url: URL, name: string, fallback: number): number {
  const value = Number(url.searchParams.get(name) ?? fallback);
  return Number.isInteger(value) ? value : fallback;
}

/** Refuses query parameters that would be silently left out of account. */
export function refuseQuery({ query }: Route, url: URL): void {
  const known = new Set<string>([...query, "page", "per_page"]);
  const other = [...url.searchParams.keys()].find((name) => !known.has(name));
  if (other !== undefined) throw notImplemented(`the query "${other}"`);
}

/** What the query says under names that the route is asked by; null where it says nothing. */
export function queryOf<Name extends string>(
  call: RestCall<never>,
  ...names: readonly Name[]
): Readonly<Record<Name, string | null>> {
  return Object.fromEntries(names.map((name) => [name, call.url.searchParams.get(name)])) as Record<
    Name,
    string | null
  >;
}
