import { describe, expect, test } from "bun:test";
import { isGitAddress, repositoryAt, repositoryPattern, slugOnGitHub } from "../../schemas/repository.ts";

describe("a repository is named", () => {
  test.each([
    ["acme/models", false],
    ["file:///srv/models.git", true],
    ["ssh://git@host.example:2222/team/models.git", true],
    ["ssh://host/models.git", true],
    ["git@host.example:team/models.git", true],
    ["git@host:/srv/models.git", true],
    ["https://host.example/team/models.git", true],
    ["http://127.0.0.1:8080/models", true],
  ])("%s", (name, isAddress) => {
    expect(repositoryPattern.test(name)).toBe(true);
    expect(isGitAddress(name)).toBe(isAddress);
  });

  test.each([
    "acme",
    "acme/models/more",
    "-x/models",
    "https://user:secret@host/models.git",
    "https://token@host/models.git",
    "ssh://user:secret@host/models.git",
    "ssh://-oProxyCommand=x/models.git",
    "git@host:-x",
    "git@-host:models.git",
    "ext::sh -c id",
    "file://models.git",
    "file:///srv/../etc",
    "https://host/a/../b",
    "https://host/models.git?x=1",
    "https://host/mo dels.git",
    "/srv/models.git",
    "",
    "acme/models\n",
  ])("never %p", (name) => {
    expect(repositoryPattern.test(name)).toBe(false);
  });
});

describe("an address of the GitHub whose API is in use stands for owner/name", () => {
  const api = "https://api.github.com";
  test.each([
    ["https://github.com/acme/models.git", api, "acme/models"],
    ["https://github.com/acme/models/", api, "acme/models"],
    ["git@github.com:acme/models.git", api, "acme/models"],
    ["ssh://git@github.com/acme/models.git", api, "acme/models"],
    ["https://ghe.example/acme/models", "https://ghe.example/api/v3", "acme/models"],
    ["http://127.0.0.1:80/acme/models.git", "http://127.0.0.1:81/api/v3", null],
    ["https://gitlab.example/acme/models.git", api, null],
    ["https://github.com.evil.example/acme/models.git", api, null],
    ["https://github.com/acme/group/models.git", api, null],
    ["file:///github.com/acme/models.git", api, null],
    ["acme/models", api, null],
  ])("%s with %s: %p", (address, apiUrl, slug) => {
    expect(slugOnGitHub(address, apiUrl)).toBe(slug);
  });
});

describe("a remote is named in mmsp.yaml", () => {
  const api = "https://api.github.com";
  test.each([
    ["git@github.com:acme/models.git", "acme/models"],
    ["https://x-access-token:ghs_secret@github.com/acme/models.git", "acme/models"], // secretlint-disable-line -- made up
    ["https://gitlab.com/acme/models.git", "https://gitlab.com/acme/models.git"],
    ["https://me:p@ss@gitlab.com/acme/models.git", "https://gitlab.com/acme/models.git"],
    ["git@gitlab.example.com:team/models.git", "git@gitlab.example.com:team/models.git"],
    ["ssh://git@host:2222/srv/models.git", "ssh://git@host:2222/srv/models.git"],
    ["ssh://git:secret@host/srv/models.git", "ssh://git@host/srv/models.git"],
    ["file:///tmp/x/remote.git", "file:///tmp/x/remote.git"],
    ["/srv/models.git", null],
    ["../models.git", null],
    ["work:acme/models.git", null],
    ["https://host/models.git?token=x", null],
  ])("%s: %p", (remote, repository) => {
    expect(repositoryAt(remote, api)).toBe(repository);
  });

  test("by owner/name on the GitHub whose API is in use", () => {
    const remote = "git@ghe.example:acme/models.git";
    expect(repositoryAt(remote, "https://ghe.example/api/v3")).toBe("acme/models");
    expect(repositoryAt(remote, api)).toBe(remote);
  });
});
