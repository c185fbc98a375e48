/** Installing the server into an environment that belongs to this extension alone. */

import { access, rm } from "node:fs/promises";
import { dirname, join } from "node:path";
import { run } from "./processes";
import { ISOLATED } from "./python";

export class InstallError extends Error {}

export interface Installation {
  /** The folder of the environment. */
  environment: string;
  python: string;
  /** The file to install. No index is asked for fimble itself, only for what it depends on. */
  wheel: string;
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

/** The wheel that an extension of this version carries. */
export function wheelIn(extension: string, version: string): string {
  return join(extension, "dist", `fimble-${version}-py3-none-any.whl`);
}

/** Whether a program that runs is the one installed here, and not of the version that the extension carries. */
export function isOutdated(
  program: { command: string; version: string },
  carried: { environment: string; version: string },
): boolean {
  // a program from elsewhere is looked after by somebody else
  return program.command === programIn(carried.environment) && program.version !== carried.version;
}

/** Make the environment, or use the one that works already, and install the wheel into it. */
export async function install(wanted: Installation): Promise<void> {
  const { environment, wheel } = wanted;
  await access(wheel).catch(() => {
    throw new InstallError(
      `This extension was packed without the server (${wheel}). Install another fimble.vsix.`,
    );
  });
  const folder = dirname(environment);
  const { code } = await run({ command: programIn(environment), args: ["--version"], cwd: folder });
  const works = code === 0;
  try {
    await fill(wanted, works ? [] : ["--clear"]);
  } catch (error) {
    if (!works) await rm(environment, { recursive: true, force: true });
    throw wanted.signal.aborted ? new InstallError("The installation was cancelled.") : error;
  }
}

async function fill(wanted: Installation, options: string[]): Promise<void> {
  const { environment, python, wheel, report } = wanted;
  report("Making an environment");
  await step(wanted, python, [ISOLATED, "-m", "venv", ...options, environment]);
  report("Installing");
  const inside = join(programIn(environment), "..", process.platform === "win32" ? "python.exe" : "python");
  const pip = [ISOLATED, "-m", "pip", "install", "--disable-pip-version-check", "--upgrade"];
  await step(wanted, inside, [...pip, wheel]);
}

async function step(wanted: Installation, command: string, args: string[]): Promise<void> {
  const { log, report, signal, environment } = wanted;
  log(`> ${command} ${args.join(" ")}`);
  const onLine = (line: string) => {
    log(line);
    const shown = progressOf(line);
    if (shown) report(shown);
  };
  const { code, output } = await run({ command, args, cwd: dirname(environment), onLine, signal });
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
