/** Offering to install the server, and doing so where the user can watch and stop it. */

import { mkdir } from "node:fs/promises";
import { dirname } from "node:path";
import * as vscode from "vscode";
import { install, InstallError } from "./install";
import { findPython } from "./python";
import { read } from "./settings";

/** Where the server is installed, and how it is stopped before and started afterwards. */
export interface Site {
  environment: string;
  /** The file that is installed. */
  wheel: string;
  /** The version of what is in it. */
  version: string;
  log: vscode.LogOutputChannel;
  stop(): Promise<void>;
  restart(): Promise<void>;
}

/** Ask whether to install the server, and do so if wanted. */
export async function offerInstallation(site: Site): Promise<void> {
  const answer = await vscode.window.showInformationMessage(
    "fimble's server is not installed on this machine. Install it into an environment of its own?",
    "Install",
    "I Have It Already",
  );
  if (answer === "I Have It Already") openSetting("path");
  if (answer === "Install") await installServer(site);
}

/** Ask whether to replace the installed server by the one that the extension carries, and do so if wanted. */
export async function offerUpdate(site: Site, installed: string): Promise<void> {
  const answer = await vscode.window.showInformationMessage(
    `fimble's server is version ${installed}, and this extension comes with ${site.version}. Update the server?`,
    "Update",
  );
  if (answer === "Update") await installServer(site);
}

/** Install or update the server and start it; tells what went wrong and what to do. */
export async function installServer(site: Site): Promise<void> {
  await site.stop();
  const folder = dirname(site.environment);
  await mkdir(folder, { recursive: true });
  const choice = await findPython(read("python", ""), folder);
  const problem = "problem" in choice ? choice.problem : await installWith(choice.python, site);
  await site.restart();
  if (problem === undefined) return;
  site.log.error(problem);
  const actions = ["Try Again", "Settings", "Show Log"] as const;
  const answer = await vscode.window.showErrorMessage(`fimble: ${problem}`, ...actions);
  if (answer === "Settings") openSetting("python");
  if (answer === "Show Log") site.log.show();
  if (answer === "Try Again") await installServer(site);
}

/** Install with progress and a button to cancel; returns what went wrong, if something did. */
async function installWith(python: string, { environment, wheel, log }: Site): Promise<string | undefined> {
  const title = "Installing fimble's server";
  const options = { location: vscode.ProgressLocation.Notification, title, cancellable: true };
  return vscode.window.withProgress(options, async (progress, token) => {
    const stop = new AbortController();
    token.onCancellationRequested(() => stop.abort());
    try {
      await install({
        environment,
        python,
        wheel,
        signal: stop.signal,
        report: message => progress.report({ message }),
        log: line => log.info(line),
      });
      return undefined;
    } catch (error) {
      if (error instanceof InstallError) return error.message;
      throw error;
    }
  });
}

function openSetting(name: string): void {
  void vscode.commands.executeCommand("workbench.action.openSettings", `fimble.${name}`);
}
