import { DEMO_TOKEN } from "./forge/server.ts";
import { model } from "./show.ts";
import { mmspMain, repository, type Stage } from "./stage.ts";
import { quote } from "./voice.ts";

/** What to try while everything is left running: lines to copy into another terminal. */
export function suggestions(stage: Stage, gateway: string): readonly string[] {
  const { env, clone } = stage;
  const variables = ["GITHUB_API_URL", "GITHUB_TOKEN", "XDG_CACHE_HOME"].map(
    (name) => `${name}=${quote(env[name] ?? "")}`,
  );
  const example = "../trained/v4-slow";
  const pulls = `$GITHUB_API_URL/repos/${repository.owner}/${repository.repo}/pulls`;
  return [
    "Everything is left running, the traffic too. In another terminal:",
    "",
    `  cd ${quote(clone)}`,
    `  export ${variables.join(" ")}`,
    `  alias mmsp=${quote(`${quote(process.execPath)} ${quote(mmspMain)}`)}`,
    "",
    `  git pull && mmsp status`,
    `  curl -s ${gateway}/status`,
    `  curl -s ${gateway}/metrics | grep gateway_request_total`,
    "",
    "  # a version that is right, and far too slow: who notices?",
    `  mmsp register ${model} --version 4 --model-path ${example}/model.onnx --feature-order ../trained/features.json`,
    `  mmsp deploy ${model} --version 4 --canary 5`,
    "  # merge a pull request; N is its number",
    `  curl -s -X PUT -H 'authorization: Bearer ${DEMO_TOKEN}' ${pulls}/N/merge`,
    "",
    "Ctrl-C ends it all and removes the folder.",
  ];
}
