import { describe, expect, test } from "bun:test";
import { parseRemote, tokenFor } from "../../../../gateway/edges/source/remote.ts";

const github = "https://api.github.com";
const enterprise = "https://git.example.com/api/v3";

describe("GitHub's token", () => {
  test.each([
    ["https://github.com/acme/models.git", github],
    ["https://GitHub.com/acme/models.git", github],
    ["https://git.example.com/acme/models.git", enterprise],
    ["https://git.example.com:8443/acme/models.git", "https://git.example.com:8443/api/v3"],
    ["https://acme.ghe.com/acme/models.git", "https://api.acme.ghe.com"],
    ["http://127.0.0.1:4000/acme/models.git", "http://127.0.0.1:4000/api/v3"],
    ["http://[::1]:4000/acme/models.git", "http://[::1]:4000/api/v3"],
  ])("goes to %s, whose API is %s", (address, apiUrl) => {
    expect(tokenFor(address, "token", apiUrl)).toBe("token");
  });

  test.each([
    ["another host", "https://gitlab.com/acme/models.git", github],
    ["a host whose name ends alike", "https://evil-github.com/acme/models.git", github],
    ["a host that the name is a part of", "https://github.com.evil.com/acme/models.git", github],
    ["a name before the host", "https://github.com@evil.com/acme/models.git", github],
    ["github.com, where the API is an Enterprise Server's", "https://github.com/acme/models.git", enterprise],
    ["another port", "https://git.example.com:8443/acme/models.git", enterprise],
    ["plain http", "http://github.com/acme/models.git", github],
    ["plain http to a host that looks like this machine", "http://127.0.0.1.evil.com/x", "http://127.0.0.1.evil.com/x"],
    ["ssh, which has its own keys", "git@github.com:acme/models.git", github],
    ["a folder", "/srv/models.git", github],
  ])("does not go to %s", (_what, address, apiUrl) => {
    expect(tokenFor(address, "token", apiUrl)).toBeUndefined();
  });

  test("that is not there goes nowhere", () => {
    expect(tokenFor("https://github.com/acme/models.git", null, github)).toBeUndefined();
  });
});

test("credentials in an address go before the token", () => {
  const header = (remote: ReturnType<typeof parseRemote>) => Object.values(remote.config);
  const basic = (text: string) => [`Authorization: Basic ${btoa(text)}`];
  expect(header(parseRemote("https://anna:pw@github.com/x.git", "token"))).toEqual(basic("anna:pw"));
  expect(header(parseRemote("https://own@github.com/x.git", "token"))).toEqual(basic("x-access-token:own"));
  expect(header(parseRemote("https://github.com/x.git", "token"))).toEqual(basic("x-access-token:token"));
  expect(header(parseRemote("https://host/x.git", "token", "oauth2"))).toEqual(basic("oauth2:token"));
  expect(header(parseRemote("https://own@host/x.git", "token", "oauth2"))).toEqual(basic("x-access-token:own"));
});
