import { settingVariables } from "./settings.ts";

/** A variable of the process environment, as help and the README tell it. */
export interface Variable {
  readonly name: string;
  readonly meaning: string;
}

export interface VariableGroup {
  readonly title: string;
  /** What goes for all of them. */
  readonly note: string;
  readonly variables: readonly Variable[];
}

/** The one table of all variables. The gateway's own are checked in gateway/config.ts; a test holds the two together. */
export const variableGroups: readonly VariableGroup[] = [
  {
    title: "Settings",
    note:
      "Each stands before what environments/mmsp.yaml and environment.yaml say, and behind a flag: flag, variable, file.\n" +
      "What a deployment.yaml says of its own model stays. The gateway heeds them too, and `mmsp up` hands them on.",
    variables: settingVariables.map(({ name, overrides, expected }) => ({
      name,
      meaning: `${expected}\ninstead of ${overrides}`,
    })),
  },
  {
    title: "Commands",
    note: "An empty one is as good as none.",
    variables: [
      {
        name: "MMSP_ENV",
        meaning: "environment, where --env is left out; `status` and `list` show all of them all the same",
      },
      { name: "GITHUB_TOKEN, GH_TOKEN", meaning: "token for GitHub; without one that of `gh auth token`" },
      { name: "MMSP_GITHUB_APP_ID", meaning: "work as this GitHub App (its number or client id), not with a token" },
      {
        name: "MMSP_GITHUB_APP_PRIVATE_KEY_FILE, MMSP_GITHUB_APP_PRIVATE_KEY",
        meaning: "the App's private key: the .pem file that GitHub gives out, or what is in it",
      },
      {
        name: "MMSP_GITHUB_APP_INSTALLATION_ID",
        meaning: "the App's installation on the repository; it is looked up where it is not set, which takes a call",
      },
      { name: "GITHUB_API_URL", meaning: "https://HOST/api/v3 of a GitHub Enterprise Server" },
      {
        name: "MMSP_GIT_TOKEN, MMSP_GIT_USER",
        meaning: "for a git remote by https that is on no GitHub; without them git's own credentials",
      },
      {
        name: "AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_SESSION_TOKEN",
        meaning: "for a store in a bucket (s3://); also as S3_ACCESS_KEY_ID and so on",
      },
      {
        name: "AWS_REGION, AWS_ENDPOINT_URL_S3",
        meaning: "where the bucket is; the endpoint of MinIO, GCS and others",
      },
      { name: "MLFLOW_TRACKING_URI", meaning: "MLflow's server, for --from-mlflow and `mlflow sync`" },
      {
        name: "MLFLOW_TRACKING_TOKEN, MLFLOW_TRACKING_USERNAME, MLFLOW_TRACKING_PASSWORD",
        meaning: "who you are there: a token, or a user and a password",
      },
      {
        name: "ARGOCD_AUTH_TOKEN",
        meaning:
          "for the Argo CD that an environment names (addresses.argocd), which --wait asks; it goes by https only",
      },
      { name: "NO_COLOR", meaning: "no colours, also on a terminal" },
      { name: "MMSP_DEBUG", meaning: "the stack of an error, for a report" },
      {
        name: "GITHUB_WORKSPACE",
        meaning: "the checkout in GitHub Actions, from which `validate --format github` counts paths",
      },
      { name: "XDG_CACHE_HOME", meaning: "where clones of remotes and unpacked libraries are kept, default ~/.cache" },
    ],
  },
  {
    title: "The gateway process",
    note:
      "`mmsp up` sets them, and hands on the proxies, certificates and SSH agent of your shell. The variables of a GitHub\n" +
      "App go for it as for the commands: it then needs no token.",
    variables: [
      { name: "MMSP_ENV", meaning: "environment to serve" },
      { name: "MMSP_DIR", meaning: "the one source it follows: a folder, or" },
      {
        name: "MMSP_GIT_URL, MMSP_GIT_BRANCH",
        meaning: "a branch of a repository, default $MMSP_BASE_BRANCH, else main",
      },
      { name: "MMSP_POLL_MS", meaning: "how often it looks at the branch, default 2000" },
      { name: "MMSP_HOST, MMSP_PORT", meaning: "default 127.0.0.1 and 8080" },
      { name: "MMSP_GRPC_PORT", meaning: "where it answers the inference protocol over gRPC; without it nowhere" },
      { name: "MMSP_DATA", meaning: "folder of the cut store and of a clone for each role" },
      {
        name: "MMSP_ROLES",
        meaning:
          "all (default); serve (predictions, no git token) and react (webhook and commits) as two processes\nthat share MMSP_DATA",
      },
      { name: "MMSP_ALERTS_TOKEN", meaning: "bearer token of /alerts; without it /alerts is off" },
      {
        name: "MMSP_TRITON_MAX_CONNECTIONS, MMSP_TRITON_MAX_QUEUE",
        meaning:
          "requests at a time to each replica of Triton, default 64, and requests that wait for their turn there,\ndefault 256; more get 503 with Retry-After",
      },
      { name: "MMSP_REPOSITORY", meaning: "where rollbacks are committed" },
      {
        name: "GITHUB_TOKEN, GITHUB_API_URL",
        meaning: "to commit them; the token also reads a repository on that very GitHub, and goes to no other host",
      },
      {
        name: "MMSP_GIT_TOKEN, MMSP_GIT_USER",
        meaning: "to read and to commit where the repository is on no GitHub, by https",
      },
    ],
  },
];
