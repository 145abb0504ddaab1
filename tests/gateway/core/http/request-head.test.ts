import { expect, test } from "bun:test";
import * as fc from "fast-check";
import { writeRequestHead } from "../../../../gateway/core/http/request-head.ts";

const bare = { method: "POST", path: "/v2/models/m/infer", headers: [], bodyBytes: 3 };

test("says where the request goes and where it ends", () => {
  const headers = [["Content-Type", "application/json"]] as const;
  expect(writeRequestHead({ ...bare, headers }, "host:8000")).toBe(
    "POST /v2/models/m/infer HTTP/1.1\r\nhost: host:8000\r\nContent-Type: application/json\r\ncontent-length: 3\r\n\r\n",
  );
  expect(writeRequestHead({ ...bare, method: "GET", bodyBytes: null }, "h")).toBe(
    "GET /v2/models/m/infer HTTP/1.1\r\nhost: h\r\n\r\n",
  );
});

test("passes on nothing that is about the caller's connection", () => {
  const names = [
    "Host",
    "Content-Length",
    "Transfer-Encoding",
    "Keep-Alive",
    "TE",
    "Trailer",
    "Upgrade",
    "Expect",
    "X-Own",
  ];
  const headers = [
    ...names.map((name) => [name, "100-continue"] as const),
    ["proxy-authorization", "secret"],
    ["Connection", "close, x-own"],
    ["x-kept", "yes"],
  ] as const;
  expect(writeRequestHead({ ...bare, headers }, "h")).toBe(
    "POST /v2/models/m/infer HTTP/1.1\r\nhost: h\r\nx-kept: yes\r\ncontent-length: 3\r\n\r\n",
  );
});

test.each(["", "relative", "/a b", "/a\r\nx: y", "/a\nb", "/\0", "/\u00fc", "*", "http://other/"])(
  "refuses the path %j",
  (path) => {
    expect(() => writeRequestHead({ ...bare, path }, "h")).toThrow(TypeError);
  },
);

test("whatever headers hold, they end no line and begin no request", () => {
  const anything = fc.string({
    unit: fc.constantFrom("a", "-", ":", " ", "\r", "\n", "\0", "\t", "\u00e9", "\u0100", "\u010a"),
  });
  fc.assert(
    fc.property(fc.array(fc.tuple(anything, anything), { maxLength: 4 }), (headers) => {
      let text: string;
      try {
        text = writeRequestHead({ ...bare, headers }, "h");
      } catch (error) {
        expect(error).toBeInstanceOf(TypeError);
        return;
      }
      expect(text.match(/[\r\n]+/g)).toHaveLength(3 + headers.length);
      expect(text).not.toMatch(/[^\t\x20-\xff\r\n]|\r(?!\n)|(?<!\r)\n/);
    }),
  );
});
