/** Installing the server into an environment that belongs to this extension alone. */

import { rm } from "node:fs/promises";
import { join } from "node:path";
import { run } from "./processes";

/** What is installed unless the hidden setting `fimble.requirement` names something else. */
export const REQUIREMENT = "fimble";

export class InstallError extends Error {}

export interface Installation {
  /** The folder of the environment. */
  environment: string;
  python: string;
  requirement: string;
  report: (message: string) => void;
  log: (line: string) => void;
  signal: AbortSignal;
}

/** The server's program in an environment. */
export function programIn(environment: string): string {
  return process.platform === "win32"
    ? join(environment, "Scripts", "fimble.exe")
    : join(environment, "bin", "fimble");
}

/** Make the environment, or use the one that works already, and install the newest version into it. */
export async function install(wanted: Installation): Promise<void> {
  const { code } = await run({ command: programIn(wanted.environment), args: ["--version"] });
  const works = code === 0;
  try {
    await fill(wanted, works ? [] : ["--clear"]);
  } catch (error) {
    if (!works) await rm(wanted.environment, { recursive: true, force: true });
    throw wanted.signal.aborted ? new InstallError("The installation was cancelled.") : error;
  }
}

async function fill(wanted: Installation, options: string[]): Promise<void> {
  const { environment, python, requirement, report } = wanted;
  report("Making an environment");
  await step(wanted, python, ["-m", "venv", ...options, environment]);
  report("Installing");
  const inside = join(programIn(environment), "..", process.platform === "win32" ? "python.exe" : "python");
  const pip = ["-m", "pip", "install", "--disable-pip-version-check", "--upgrade"];
  await step(wanted, inside, [...pip, requirement]);
}

async function step({ log, report, signal }: Installation, command: string, args: string[]): Promise<void> {
  log(`> ${command} ${args.join(" ")}`);
  const onLine = (line: string) => {
    log(line);
    const shown = progressOf(line);
    if (shown) report(shown);
  };
  const { code, output } = await run({ command, args, onLine, signal });
  if (code !== 0) throw new InstallError(reasonOf(output));
}

/** What a line of pip's output says to somebody who waits; nothing for most. */
export function progressOf(line: string): string | undefined {
  const found = /^(?:Collecting|Processing) (?:.*\/)?([\w.]+)|^(Installing) collected packages/.exec(
    line.trim(),
  );
  return found ? (found[2] ?? found[1]) : undefined;
}

/** The most telling line of a failed step's output. */
export function reasonOf(output: string): string {
  const lines = output
    .split("\n")
    .map(line => line.trim())
    .filter(Boolean);
  const error = lines.find(line => line.startsWith("ERROR: "));
  return error?.slice("ERROR: ".length) ?? lines.at(-1) ?? "The installation stopped without a word.";
}
