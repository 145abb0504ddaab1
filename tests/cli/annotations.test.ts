import { expect, test } from "bun:test";
import { annotation } from "../../cli/annotations.ts";

const problem = {
  code: "schema-type",
  message: "must be a list",
  hint: "write [1]",
  file: "environments/dev/environment.yaml",
};

test("an annotation names file, line, column and title, and says what is wrong and what to do", () => {
  expect(annotation({ ...problem, line: 3, column: 10, path: "spec.steps" }, "")).toBe(
    "::error file=environments/dev/environment.yaml,line=3,col=10,title=mmsp%3A schema-type::spec.steps: must be a list%0Ahint: write [1]\n",
  );
});

test("of a whole file has no line, and of no file neither", () => {
  expect(annotation(problem, "")).toStartWith("::error file=environments/dev/environment.yaml,title=mmsp");
  const { file: _, ...elsewhere } = problem;
  expect(annotation(elsewhere, "sub")).toStartWith("::error title=mmsp%3A schema-type::must be a list");
});

test("of what is no error is a notice", () => {
  expect(annotation(problem, "", "notice")).toStartWith("::notice file=environments/dev/environment.yaml,title=");
});

test("counts the path from the checkout", () => {
  expect(annotation(problem, "ml/serving")).toStartWith("::error file=ml/serving/environments/dev/environment.yaml,");
});

test("stays one command, whatever a file holds", () => {
  const evil = "100 %\r\n::error::x, a:b";
  const line = annotation({ code: "x", message: evil, hint: evil, file: evil, path: evil }, "");
  expect(line).toBe(
    "::error file=100 %25%0D%0A%3A%3Aerror%3A%3Ax%2C a%3Ab,title=mmsp%3A x::" +
      "100 %25%0D%0A::error::x, a:b: 100 %25%0D%0A::error::x, a:b%0Ahint: 100 %25%0D%0A::error::x, a:b\n",
  );
});
