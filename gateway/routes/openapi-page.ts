/** The page of `GET /openapi`. One string, so that it is part of the single-file build. What is shown is only ever set as text. */
export const openApiPage = String.raw`<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>mmsp gateway</title>
<style>
  body { font: 15px/1.5 system-ui, sans-serif; max-width: 60rem; margin: 2rem auto; padding: 0 1rem; color: #1a1a1a; }
  h2 { margin: 2rem 0 .5rem; font-size: 1.1rem; }
  details { border: 1px solid #ccc; border-radius: 4px; margin: .3rem 0; padding: .4rem .7rem; }
  summary { cursor: pointer; }
  summary b { display: inline-block; width: 3.2rem; font-size: .8rem; }
  summary span { color: #555; margin-left: .7rem; }
  label { display: block; margin: .6rem 0 0; font-size: .85rem; color: #555; }
  input, textarea { font: 13px/1.4 ui-monospace, monospace; width: 100%; box-sizing: border-box; padding: .3rem; }
  button { font: inherit; margin: .6rem 0; padding: .2rem 1rem; }
  pre { background: #f4f4f4; padding: .7rem; overflow: auto; max-height: 24rem; white-space: pre-wrap; margin: 0; }
</style>
<h1>mmsp gateway</h1>
<p>What this gateway answers to, as <a href="openapi/json">OpenAPI</a> too. Requests go to the gateway itself.</p>
<main></main>
<noscript>This page needs JavaScript; GET /openapi/json does not.</noscript>
<script>
"use strict";
const base = new URL(location.pathname.endsWith("/") ? ".." : ".", location.href);
const element = (name, text = "", fields = {}) => Object.assign(document.createElement(name), { textContent: text }, fields);

function field(form, name, input) {
  const label = element("label", name);
  label.append(input);
  form.append(label);
  return input;
}

/** A row of zeros that the model takes, as tensors and as a row of values. */
function sampleOf({ inputs, parameters }) {
  const width = parameters?.feature_order?.length ?? 1;
  const tensors = inputs.map(({ name, datatype, shape }) => {
    const full = shape.map((size, at) => (size !== -1 ? size : at === 0 ? 1 : width));
    const zero = { BYTES: "", BOOL: false }[datatype] ?? 0;
    return { name, datatype, shape: full, data: Array(full.reduce((count, size) => count * size, 1)).fill(zero) };
  });
  const named = Object.fromEntries(tensors.map(({ name, data }) => [name, data]));
  return { tensors, row: tensors.length === 1 ? tensors[0].data : named };
}

function bodyOf(example, { model, sample }) {
  const body = { ...example };
  if (body.model) body.model = model;
  if (body.instances) body.instances = [sample.row];
  if (body.inputs) body.inputs = sample.tensors;
  return JSON.stringify(body, null, 2).replaceAll("MODEL", model).replace(/\[[^[\]{}]*\]/g, (list) => list.replace(/\s+/g, " "));
}

function operationOf(method, path, { summary, parameters = [], requestBody, security }, served) {
  const details = element("details");
  const head = element("summary");
  head.append(element("b", method.toUpperCase()), element("code", path), element("span", summary));
  const form = element("form");
  const inputs = parameters.map(({ name }) => field(form, name, element("input", "", { name, value: served[name] ?? "" })));
  const example = requestBody?.content["application/json"].example;
  const text = example && bodyOf(example, served);
  const body = text && field(form, "body", element("textarea", "", { value: text, rows: Math.min(16, text.split("\n").length) }));
  const token = security && field(form, "bearer token", element("input", "", { type: "password", autocomplete: "off" }));
  const output = element("pre", "", { hidden: true });
  form.append(element("button", "Send"));
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const address = inputs.reduce((at, { name, value }) => at.replace("{" + name + "}", encodeURIComponent(value)), path);
    const headers = { ...(body && { "content-type": "application/json" }), ...(token && { authorization: "Bearer " + token.value }) };
    output.hidden = false;
    output.textContent = "...";
    try {
      const reply = await fetch(new URL(address.slice(1), base), { method, headers, body: body ? body.value : undefined });
      output.textContent = await told(reply);
    } catch (error) {
      output.textContent = String(error);
    }
  });
  details.append(head, form, output);
  return details;
}

async function told(reply) {
  const text = await reply.text();
  const about = [...reply.headers].filter(([name]) => /^(x-mmsp-|allow$|retry-after$)/.test(name));
  const lines = [reply.status + " " + reply.statusText, ...about.map((header) => header.join(": ")), ""];
  try {
    return [...lines, JSON.stringify(JSON.parse(text), null, 2)].join("\n");
  } catch {
    return [...lines, text].join("\n");
  }
}

async function read(path) {
  return (await fetch(new URL(path, base))).json();
}

/** The first model, to try requests with. */
async function readServed() {
  const [model] = (await read("v1/models")).models;
  const metadata = model === undefined ? {} : await read("v2/models/" + encodeURIComponent(model));
  const { inputs = [{ name: "input", datatype: "FP32", shape: [-1, 3] }], versions = ["1"], parameters } = metadata;
  return { model: model ?? "MODEL", version: versions.at(-1), sample: sampleOf({ inputs, parameters }) };
}

async function show() {
  const [{ paths, info }, served] = await Promise.all([read("openapi/json"), readServed()]);
  document.querySelector("h1").append(" " + info.version);
  const sections = new Map();
  for (const [path, methods] of Object.entries(paths)) {
    for (const [method, operation] of Object.entries(methods)) {
      const [tag] = operation.tags;
      if (!sections.has(tag)) sections.set(tag, [element("h2", tag)]);
      sections.get(tag).push(operationOf(method, path, operation, served));
    }
  }
  document.querySelector("main").append(...[...sections.values()].flat());
}
show().catch((error) => document.querySelector("main").append(String(error)));
</script>
</html>
`;
