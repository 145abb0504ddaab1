/** Users and the repository as REST shows them. The types are GitHub's own, from its OpenAPI description. */
import type { RestEndpointMethodTypes } from "@octokit/rest";
import { timestamp } from "../git/parse.ts";
import { nodeId } from "../node-id.ts";
import type { Account, ForgeUser } from "../users.ts";
import { repoApiUrl, repoPageUrl, type World } from "../world.ts";

type SimpleUser = RestEndpointMethodTypes["issues"]["listAssignees"]["response"]["data"][number];
type FullRepository = RestEndpointMethodTypes["repos"]["get"]["response"]["data"];

export function simpleUser(world: World, account: Account): SimpleUser {
  const url = `${world.apiUrl}/users/${encodeURIComponent(account.login)}`;
  return {
    login: account.login,
    id: account.id,
    node_id: nodeId("User", account.login),
    avatar_url: `${world.origin}/avatars/${account.id}`,
    gravatar_id: "",
    url,
    html_url: `${world.origin}/${encodeURIComponent(account.login)}`,
    followers_url: `${url}/followers`,
    following_url: `${url}/following{/other_user}`,
    gists_url: `${url}/gists{/gist_id}`,
    starred_url: `${url}/starred{/owner}{/repo}`,
    subscriptions_url: `${url}/subscriptions`,
    organizations_url: `${url}/orgs`,
    repos_url: `${url}/repos`,
    events_url: `${url}/events{/privacy}`,
    received_events_url: `${url}/received_events`,
    type: account.type,
    site_admin: false,
  };
}

/** The account that owns the repository. It need not be one of the users. */
export function ownerAccount(world: World): Account {
  return { login: world.owner, id: 1, type: "User" };
}

/** Fits both the repository that a call asks for and the one inside a pull request, which differ in what they require. */
export function fullRepository(world: World, user: ForgeUser, branch: string) {
  const openPulls = world.pulls.all().filter((pull) => pull.state === "open").length;
  return {
    id: 1,
    node_id: nodeId("Repository", 1),
    name: world.repo,
    full_name: `${world.owner}/${world.repo}`,
    owner: simpleUser(world, ownerAccount(world)),
    private: false,
    visibility: "public",
    description: null,
    fork: false,
    homepage: null,
    language: null,
    mirror_url: null,
    license: null,
    default_branch: branch,
    size: 0,
    forks: 0,
    forks_count: 0,
    network_count: 0,
    stargazers_count: 0,
    subscribers_count: 0,
    watchers: 0,
    watchers_count: 0,
    open_issues: openPulls,
    open_issues_count: openPulls,
    has_issues: true,
    has_projects: false,
    has_wiki: false,
    has_pages: false,
    has_discussions: false,
    has_downloads: false,
    archived: world.settings.archived,
    disabled: false,
    created_at: timestamp(world.createdAt),
    updated_at: timestamp(world.createdAt),
    pushed_at: timestamp(world.createdAt),
    permissions: { admin: user.permission === "admin", push: user.permission !== "read", pull: true },
    allow_merge_commit: true,
    allow_squash_merge: true,
    allow_rebase_merge: true,
    allow_auto_merge: world.settings.allowAutoMerge,
    allow_update_branch: true,
    delete_branch_on_merge: false,
    ...repositoryUrls(world),
  } satisfies FullRepository;
}

function repositoryUrls(world: World) {
  const url = repoApiUrl(world);
  const page = repoPageUrl(world);
  return {
    url,
    html_url: page,
    clone_url: `${page}.git`,
    git_url: `${page}.git`,
    ssh_url: `${page}.git`,
    svn_url: page,
    archive_url: `${url}/{archive_format}{/ref}`,
    assignees_url: `${url}/assignees{/user}`,
    blobs_url: `${url}/git/blobs{/sha}`,
    branches_url: `${url}/branches{/branch}`,
    collaborators_url: `${url}/collaborators{/collaborator}`,
    comments_url: `${url}/comments{/number}`,
    commits_url: `${url}/commits{/sha}`,
    compare_url: `${url}/compare/{base}...{head}`,
    contents_url: `${url}/contents/{+path}`,
    contributors_url: `${url}/contributors`,
    deployments_url: `${url}/deployments`,
    downloads_url: `${url}/downloads`,
    events_url: `${url}/events`,
    forks_url: `${url}/forks`,
    git_commits_url: `${url}/git/commits{/sha}`,
    git_refs_url: `${url}/git/refs{/sha}`,
    git_tags_url: `${url}/git/tags{/sha}`,
    hooks_url: `${url}/hooks`,
    issue_comment_url: `${url}/issues/comments{/number}`,
    issue_events_url: `${url}/issues/events{/number}`,
    issues_url: `${url}/issues{/number}`,
    keys_url: `${url}/keys{/key_id}`,
    labels_url: `${url}/labels{/name}`,
    languages_url: `${url}/languages`,
    merges_url: `${url}/merges`,
    milestones_url: `${url}/milestones{/number}`,
    notifications_url: `${url}/notifications{?since,all,participating}`,
    pulls_url: `${url}/pulls{/number}`,
    releases_url: `${url}/releases{/id}`,
    stargazers_url: `${url}/stargazers`,
    statuses_url: `${url}/statuses/{sha}`,
    subscribers_url: `${url}/subscribers`,
    subscription_url: `${url}/subscription`,
    tags_url: `${url}/tags`,
    teams_url: `${url}/teams`,
    trees_url: `${url}/git/trees{/sha}`,
  };
}
