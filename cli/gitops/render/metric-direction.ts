/** Which way a metric is better, as far as its name tells. */
type Better = "higher" | "lower";

/** Words in the names of metrics that everybody reads one way. */
const lower =
  /^(loss|logloss|error|errors|err|rmse|mse|mae|mape|smape|rmsle|wape|deviance|brier|ece|perplexity|ppl|wer|cer|fid|latency|time|duration|ms|seconds|bias|fpr|fnr|eer|drift|psi)$/;
const higher =
  /^(accuracy|acc|auc|auroc|auprc|roc|precision|recall|f1|f2|fbeta|fscore|r2|ap|map|mrr|ndcg|bleu|rouge|iou|dice|mcc|kappa|gini|ks|lift|specificity|sensitivity|tpr|tnr|hit|coverage|throughput|likelihood|correlation|silhouette)$/;

/** `val_log_loss` -> lower, `testAUC` -> higher; null where a name says nothing, or two things. */
function betterWhen(name: string): Better | null {
  const words = name
    .replaceAll(/([a-z\d])([A-Z])/g, "$1 $2")
    .toLowerCase()
    .split(/[^a-z\d]+/);
  // "neg" turns the others round (scikit-learn's `neg_log_loss`).
  const turned = words[0] === "neg" || words[0] === "negative";
  const found = new Set(words.flatMap((word) => (lower.test(word) ? ["lower"] : higher.test(word) ? ["higher"] : [])));
  // An error of something is an error, and so is a loss: "precision_error".
  const said = found.has("lower") ? "lower" : found.has("higher") ? "higher" : null;
  if (said === null || !turned) return said;
  return said === "lower" ? "higher" : null;
}

/** What a change of the metric is: `better`, `worse`, or, where nobody knows, nothing. */
export function verdictOn(name: string, difference: number): "better" | "worse" | null {
  const better = betterWhen(name);
  if (difference === 0 || better === null) return null;
  return difference > 0 === (better === "higher") ? "better" : "worse";
}
