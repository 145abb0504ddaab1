/** Global node ids: opaque to clients, and here simply a type and a key. */

export type NodeType =
  | "Repository"
  | "Ref"
  | "PullRequest"
  | "PullRequestReview"
  | "IssueComment"
  | "User"
  | "Commit"
  | "Tree"
  | "Blob"
  | "Tag";

const PREFIX: Readonly<Record<NodeType, string>> = {
  Repository: "R",
  Ref: "REF",
  PullRequest: "PR",
  PullRequestReview: "PRR",
  IssueComment: "IC",
  User: "U",
  Commit: "C",
  Tree: "T",
  Blob: "B",
  Tag: "TA",
};

export function nodeId(type: NodeType, key: string | number): string {
  return `${PREFIX[type]}_${Buffer.from(String(key)).toString("base64url")}`;
}

/** The key within a node id of the given type; null where the id is of another type, or none at all. */
export function nodeKey(type: NodeType, id: string): string | null {
  const prefix = `${PREFIX[type]}_`;
  return id.startsWith(prefix) ? Buffer.from(id.slice(prefix.length), "base64url").toString("utf8") : null;
}
