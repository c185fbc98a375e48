/** The user's settings, as the extension uses them and as the server gets them. */

import * as vscode from "vscode";

export const SECTION = "fimble";

/** Settings that concern only the extension; every other one that it declares is the server's. */
const OWN = new Set(["path", "python", "trace.server"]);

export type Values = Record<string, unknown>;

/** The names of the server's settings, from what package.json declares. */
export function serverSettings(declared: Record<string, unknown>): string[] {
  return Object.keys(declared)
    .map(name => name.slice(SECTION.length + 1))
    .filter(name => !OWN.has(name));
}

/**
 * What the user has set of these, and null for the rest: the server has defaults of its own, a settings
 * file and the environment, and a default of the editor's would win over them.
 */
export function chosen(names: readonly string[]): Values {
  const all = configuration();
  return Object.fromEntries(names.map(name => [name, isSet(all, name) ? all.get(name) : null]));
}

export function read<T>(name: string, fallback: T): T {
  return configuration().get<T>(name, fallback);
}

/** Change a setting where it is set: in the folder's settings if they have it, else in the user's. */
export async function write(name: string, value: unknown): Promise<void> {
  const inFolder = configuration().inspect(name)?.workspaceValue !== undefined;
  const target = inFolder ? vscode.ConfigurationTarget.Workspace : vscode.ConfigurationTarget.Global;
  await configuration().update(name, value, target);
}

function configuration(): vscode.WorkspaceConfiguration {
  return vscode.workspace.getConfiguration(SECTION);
}

function isSet(all: vscode.WorkspaceConfiguration, name: string): boolean {
  const found = all.inspect(name);
  return [found?.globalValue, found?.workspaceValue, found?.workspaceFolderValue].some(
    value => value !== undefined,
  );
}
