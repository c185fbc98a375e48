/** Finding the server's program. */

import { access, constants, stat } from "node:fs/promises";
import { homedir } from "node:os";
import { delimiter, isAbsolute, join } from "node:path";
import { programIn } from "./install";

/** Where to look. */
export interface Places {
  /** The setting `fimble.path`; empty when it is not set. */
  setting: string;
  /** The extension's own environment. */
  environment: string;
}

/** A program to start, a sentence about a setting that is wrong, or nothing. */
export type Found = { command: string } | { problem: string } | undefined;

/** The program that the user named; else the one on PATH; else the one that was installed here. */
export async function findServer({ setting, environment }: Places): Promise<Found> {
  if (setting) {
    const command = await firstProgram(isAbsolute(home(setting)) ? [home(setting)] : onPath(setting));
    return command
      ? { command }
      : { problem: `The setting fimble.path is ${setting}, where there is no program.` };
  }
  const command = await firstProgram([...onPath("fimble"), programIn(environment)]);
  return command ? { command } : undefined;
}

/** Where a program of this name may be; an editor that a desktop started may not know ~/.local/bin. */
function onPath(name: string): string[] {
  const folders = (process.env.PATH ?? "").split(delimiter).filter(isAbsolute);
  const names = process.platform === "win32" ? [`${name}.exe`] : [name];
  return [...folders, join(homedir(), ".local", "bin")].flatMap(folder =>
    names.map(each => join(folder, each)),
  );
}

async function firstProgram(paths: string[]): Promise<string | undefined> {
  for (const path of paths) if (await isProgram(path)) return path;
  return undefined;
}

async function isProgram(path: string): Promise<boolean> {
  try {
    await access(path, constants.X_OK);
    return (await stat(path)).isFile();
  } catch {
    return false;
  }
}

function home(path: string): string {
  return path.replace(/^~(?=[/\\])/, homedir());
}
