import { Elysia } from "elysia";
import { openApiDocument } from "../core/openapi.ts";
import { openApiPage } from "./openapi-page.ts";

/** The page runs what it brings, and asks this gateway only: it works without any other network. */
const policy = [
  "default-src 'none'",
  "connect-src 'self'",
  "script-src 'unsafe-inline'",
  "style-src 'unsafe-inline'",
].join("; ");

/** `/openapi`: a page that lists the gateway's addresses and sends requests to them; `/openapi/json`: the description. */
export function openApiRoutes(version: string) {
  const headers = { "content-type": "text/html; charset=utf-8", "content-security-policy": policy };
  return new Elysia()
    .get("/openapi", () => new Response(openApiPage, { headers }))
    .get("/openapi/json", () => openApiDocument(version));
}
