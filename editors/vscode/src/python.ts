/** Finding a Python that the server can be installed with. */

import { run } from "./processes";

const OLDEST: readonly [number, number] = [3, 11];

const PROBE = `
import importlib.util, sys
parts = all(importlib.util.find_spec(name) for name in ("venv", "ensurepip"))
print(sys.version_info[0], sys.version_info[1], int(parts), sys.executable)
`;

/** What a program answered when it was asked whether it is Python. */
export interface Probe {
  executable: string;
  version: readonly [number, number];
  /** Whether it can make environments; Debian keeps that in a package of its own. */
  complete: boolean;
}

/** A Python to use, or a sentence that says what is wrong and what to do. */
export type Choice = { python: string } | { problem: string };

/** For every start of Python: nothing is imported from where it runs, or from where PYTHONPATH points. */
export const ISOLATED = "-I";

/**
 * Look for a suitable Python: only `wanted` when the user named one. It is tried in `folder`, because a program
 * of a workspace must not be taken for Python (Windows looks into the current folder first).
 */
export async function findPython(wanted: string, folder: string): Promise<Choice> {
  const probes: Probe[] = [];
  for (const [command, ...args] of wanted ? [[wanted] as const] : candidates(process.platform)) {
    const { code, output } = await run({ command, args: [...args, ISOLATED, "-c", PROBE], cwd: folder });
    const probe = code === 0 ? readProbe(output) : undefined;
    if (probe && suits(probe)) return { python: probe.executable };
    if (probe) probes.push(probe);
  }
  return { problem: explain(probes, wanted) };
}

export function readProbe(output: string): Probe | undefined {
  const found = /^(\d+) (\d+) ([01]) (.+)$/m.exec(output);
  if (!found) return undefined;
  return { version: [Number(found[1]), Number(found[2])], complete: found[3] === "1", executable: found[4]! };
}

/** Why none of these Pythons will do. */
export function explain(probes: readonly Probe[], wanted: string): string {
  const incomplete = probes.find(isNewEnough);
  if (incomplete) {
    const [major, minor] = incomplete.version;
    return (
      `Python ${major}.${minor} (${incomplete.executable}) cannot make environments. Install its venv ` +
      `module (on Debian and Ubuntu: sudo apt install python${major}.${minor}-venv) and try again.`
    );
  }
  const needed = `fimble needs Python ${OLDEST.join(".")} or newer`;
  const way = "Install one, or name one in the setting fimble.python, and try again.";
  const old = probes[0];
  if (old) return `${needed}; ${old.executable} is Python ${old.version.join(".")}. ${way}`;
  return wanted
    ? `The setting fimble.python is ${wanted}, which is no Python. ${way}`
    : `${needed}, and none was found. ${way}`;
}

function suits(probe: Probe): boolean {
  return isNewEnough(probe) && probe.complete;
}

function isNewEnough({ version: [major, minor] }: Probe): boolean {
  return major > OLDEST[0] || (major === OLDEST[0] && minor >= OLDEST[1]);
}

function candidates(platform: NodeJS.Platform): (readonly [string, ...string[]])[] {
  if (platform === "win32") return [["py", "-3"], ["python"], ["python3"]];
  return [["python3"], ["python3.14"], ["python3.13"], ["python3.12"], ["python3.11"], ["python"]];
}
