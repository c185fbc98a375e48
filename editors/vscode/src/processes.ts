/** Running programs to their end. */

import { spawn } from "node:child_process";
import { createInterface } from "node:readline";

export interface Run {
  command: string;
  args: string[];
  env?: NodeJS.ProcessEnv | undefined;
  /** Where it runs; by default where the editor was started, which may be a folder that nobody trusts. */
  cwd?: string | undefined;
  /** Called with every line of output as it comes. */
  onLine?: (line: string) => void;
  signal?: AbortSignal | undefined;
}

/** `code` is the exit status; -1 when the program could not be started or was killed. */
export interface Ran {
  code: number;
  output: string;
}

/** Run a program. Never rejects, except when `signal` aborts: then the program is killed. */
export function run({ command, args, env, cwd, onLine, signal }: Run): Promise<Ran> {
  return new Promise((resolve, reject) => {
    const lines: string[] = [];
    const child = spawn(command, args, {
      env: env ?? process.env,
      cwd,
      stdio: ["ignore", "pipe", "pipe"],
    });
    const take = (line: string) => {
      lines.push(line);
      onLine?.(line);
    };
    createInterface(child.stdout).on("line", take);
    createInterface(child.stderr).on("line", take);
    const kill = () => child.kill();
    signal?.addEventListener("abort", kill, { once: true });
    const done = (code: number, extra: string[] = []) => {
      signal?.removeEventListener("abort", kill);
      if (signal?.aborted) reject(new Error("cancelled"));
      else resolve({ code, output: [...lines, ...extra].join("\n") });
    };
    child.once("error", error => done(-1, [error.message]));
    child.once("close", code => done(code ?? -1));
  });
}
