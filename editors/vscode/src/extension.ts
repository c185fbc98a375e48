/** Where the editor comes in: makes the parts, joins them, starts the server. */

import * as vscode from "vscode";
import { registerCommands, show, type Parts } from "./commands";
import { isOutdated, wheelIn } from "./install";
import { offerInstallation, offerUpdate, type Site } from "./installing";
import { Life } from "./life";
import { Pages } from "./pages";
import { Keys } from "./secrets";
import { chosen, read, SECTION, serverSettings, type Values } from "./settings";
import type { State } from "./state";
import { Status } from "./status";
import { explain, general } from "./trouble";

let life: Life | undefined;

export function activate(context: vscode.ExtensionContext): void {
  const log = vscode.window.createOutputChannel("fimble", { log: true });
  const status = new Status();
  const parts = join(context, log, status);
  life = parts.life;
  context.subscriptions.push(
    log,
    status,
    parts.life,
    parts.pages,
    registerCommands(parts),
    vscode.window.onDidChangeActiveTextEditor(editor => parts.life.running?.focus(editor)),
    vscode.workspace.onDidChangeConfiguration(event => changed(event, parts.life)),
    context.secrets.onDidChange(() => void parts.life.apply()), // in any window
  );
  void parts.life.restart();
}

export async function deactivate(): Promise<void> {
  await life?.stop();
}

function join(context: vscode.ExtensionContext, log: vscode.LogOutputChannel, status: Status): Parts {
  const keys = new Keys(context.secrets);
  const names = serverSettings(context.extension.packageJSON.contributes.configuration.properties);
  const environment = vscode.Uri.joinPath(context.globalStorageUri, "server").fsPath;
  const version: string = context.extension.packageJSON.version;
  const pages = new Pages();
  const options = async (): Promise<Values> => ({
    ...chosen(names),
    key: (await keys.of(read("engine", ""))) ?? null,
  });
  const update = once((installed: string) => void offerUpdate(site, installed));
  const told = {
    missing: once(() => void offerInstallation(site)),
    started: (command: string, version: string) => {
      if (isOutdated({ command, version }, site)) update(version);
    },
    failed: (message: string) => void show(general(message)),
    reported: async (state: State) => {
      const engine = read("engine", "");
      void show(explain(state, { engine, hasKey: (await keys.of(engine)) !== undefined }));
    },
    message: (message: string) => void vscode.window.showWarningMessage(message),
  };
  const started = new Life(environment, status, { log, options }, told);
  const site: Site = {
    environment,
    wheel: wheelIn(context.extensionPath, version),
    version,
    log,
    stop: async () => {
      await started.stop();
      status.server({ kind: "loading", message: "The server is being installed." });
    },
    restart: () => started.restart(),
  };
  return { life: started, status, keys, site, pages, options };
}

/** Once in a window is enough for an offer; the status bar and the commands stay. */
function once<T extends unknown[]>(tell: (...about: T) => void): (...about: T) => void {
  let done = false;
  return (...about) => {
    if (done) return;
    done = true;
    tell(...about);
  };
}

function changed(event: vscode.ConfigurationChangeEvent, life: Life): void {
  if (!event.affectsConfiguration(SECTION) || event.affectsConfiguration(`${SECTION}.trace`)) return;
  if (event.affectsConfiguration(`${SECTION}.path`)) void life.restart();
  else void life.apply();
}
