// Bundles each test with what it tests, and runs them with node's own runner.
import { spawnSync } from "node:child_process";
import { globSync } from "node:fs";
import { build } from "esbuild";

await build({
  entryPoints: globSync("test/*.test.ts"),
  outdir: "dist/test",
  bundle: true,
  sourcemap: "inline",
  platform: "node",
  format: "cjs",
  target: "node20",
  logLevel: "warning",
});
const files = globSync("dist/test/*.js");
process.exit(spawnSync(process.execPath, ["--test", ...files], { stdio: "inherit" }).status ?? 1);
