// A vitest reporter that writes what scripts/test.mjs sums up. Vitest's own JSON report does not
// serve: it leaves out why a test was skipped, and errors that belong to no test.

import { writeFileSync } from "node:fs";
import { relative } from "node:path";

export default class CountReporter {
  onInit(vitest) {
    this.root = vitest.config.root;
    this.pattern = vitest.config.testNamePattern;
  }

  onTestRunEnd(modules, unhandledErrors) {
    const counts = { passed: 0, failed: 0, skipped: [] };
    // An error outside every test (a file that does not load, a hook, a stray rejection, a worker
    // that died) has run no test to the end, so each counts as a failure of its own.
    counts.failed += unhandledErrors.length;
    for (const module of modules) {
      counts.failed += module.errors().length;
      for (const suite of module.children.allSuites()) counts.failed += suite.errors().length;
      for (const test of module.children.allTests()) this.#count(module, test, counts);
    }
    writeFileSync(process.env.TBUF_COUNTS_FILE, JSON.stringify(counts));
  }

  #count(module, test, counts) {
    const result = test.result();
    if (result.state === "passed") counts.passed++;
    else if (result.state !== "skipped") counts.failed++;
    else if (
      this.pattern === undefined ||
      this.pattern.test(test.fullName.replaceAll(" > ", " "))
    ) {
      // Tests that the user's own `-t` left out are not "skipped".
      const file = relative(this.root, module.moduleId);
      const reason = result.note ?? (hookFailed(test) ? "a hook failed" : "no reason given");
      const { waitsFor = [] } = test.meta();
      counts.skipped.push({ name: `${file} > ${test.fullName}`, reason, waitsFor });
    }
  }
}

/** True when a suite around the test, or its file, has an error of its own. */
function hookFailed(test) {
  for (let suite = test.parent; suite !== undefined; suite = suite.parent) {
    if (suite.errors().length > 0) return true;
  }
  return false;
}
