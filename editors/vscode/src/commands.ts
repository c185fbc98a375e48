/** What the extension's commands do. */

import * as vscode from "vscode";
import { installServer, offerInstallation, type Site } from "./installing";
import type { Life } from "./life";
import { entries } from "./menu";
import type { Pages } from "./pages";
import { askAddress, askKey, pickEagerness, pickMinutes, pickModel } from "./picks";
import { run } from "./processes";
import { environmentOf } from "./reports";
import { isAddress, type Keys } from "./secrets";
import { read, write, type Values } from "./settings";
import type { Status } from "./status";
import type { Trouble } from "./trouble";

/** What commands work on. */
export interface Parts {
  life: Life;
  status: Status;
  keys: Keys;
  site: Site;
  pages: Pages;
  options(): Promise<Values>;
}

type Command = (...sent: unknown[]) => unknown;

export function registerCommands(parts: Parts): vscode.Disposable {
  const all = Object.entries({ ...switches(parts), ...services(parts), ...remote(parts) });
  return vscode.Disposable.from(
    ...all.map(([name, command]) => vscode.commands.registerCommand(name, command)),
  );
}

/** Show what is wrong, with what can be done about it. */
export async function show({ message, buttons }: Trouble): Promise<void> {
  const answer = await vscode.window.showErrorMessage(`fimble: ${message}`, ...Object.keys(buttons));
  const command = answer && buttons[answer];
  if (command === "fimble.openSettings")
    await vscode.commands.executeCommand("workbench.action.openSettings", "fimble");
  else if (command) await vscode.commands.executeCommand(command);
}

function switches({ life, status }: Parts): Record<string, Command> {
  const snooze = async (minutes: number | undefined) => {
    if (minutes === undefined) return;
    status.snooze(minutes * 60_000);
    if (life.running?.has("fimble.snooze")) await life.running.execute("fimble.snooze", { minutes });
  };
  return {
    "fimble.menu": () => showMenu(status),
    "fimble.toggleSuggestions": () => write("enabled", !read("enabled", true)),
    "fimble.toggleLanguage": toggleLanguage,
    "fimble.snoozeSuggestions": async minutes =>
      snooze(typeof minutes === "number" ? minutes : await pickMinutes()),
    "fimble.wake": () => snooze(0),
    "fimble.chooseEagerness": async sent => {
      const chosen = typeof sent === "string" ? sent : await pickEagerness();
      if (chosen !== undefined) await write("eagerness", chosen);
    },
  };
}

function services(parts: Parts): Record<string, Command> {
  const { life, site } = parts;
  return {
    "fimble.restartServer": () => life.restart(),
    "fimble.installServer": () => installServer(site),
    "fimble.showLog": () => site.log.show(),
    "fimble.runDoctor": () => showOutput(parts, "Doctor"),
    "fimble.showStatistics": () => showOutput(parts, "Stats"),
  };
}

function remote({ life, keys }: Parts): Record<string, Command> {
  return {
    "fimble.chooseModel": () => pickModel(life, keys),
    "fimble.setKey": async () => {
      const configured = read("engine", "");
      const address = isAddress(configured) ? configured : await askAddress();
      if (address === undefined || !(await askKey(keys, address))) return;
      if (address !== configured) await write("engine", address);
    },
    "fimble.forgetKey": async () => {
      const address = read("engine", "");
      await keys.forget(address);
      const said = isAddress(address)
        ? `There is no key for ${address} any more.`
        : "Keys belong to servers, and the setting fimble.engine names none.";
      void vscode.window.showInformationMessage(`fimble: ${said}`);
    },
  };
}

async function showMenu(status: Status): Promise<void> {
  const { state, snoozed } = status;
  const language = vscode.window.activeTextEditor?.document.languageId;
  const engine = read("engine", "");
  const found = entries({
    state,
    snoozed,
    language,
    enabled: read("enabled", true),
    languageDisabled: language !== undefined && read<string[]>("disabledLanguages", []).includes(language),
    eagerness: read("eagerness", "balanced"),
    model: isAddress(engine) ? engine : read("model", "bundled"),
  });
  const picked = await vscode.window.showQuickPick(found, { title: "fimble", placeHolder: state.message });
  if (picked) await vscode.commands.executeCommand(picked.command, ...(picked.arguments ?? []));
}

async function toggleLanguage(): Promise<void> {
  const language = vscode.window.activeTextEditor?.document.languageId;
  if (language === undefined) return;
  const disabled = read<string[]>("disabledLanguages", []);
  const others = disabled.filter(each => each !== language);
  await write("disabledLanguages", others.length < disabled.length ? others : [...disabled, language]);
}

/** Run the server's command of this name and show what it prints. */
async function showOutput(parts: Parts, name: "Doctor" | "Stats"): Promise<void> {
  const { life, options, site, pages } = parts;
  const found = await life.find();
  if (found === undefined) return offerInstallation(site);
  if ("problem" in found) return pages.show(name, found.problem);
  const plain = { COLUMNS: "100", NO_COLOR: "1", PYTHONUTF8: "1" };
  const env = { ...process.env, ...plain, ...environmentOf(await options()) };
  const working = { location: vscode.ProgressLocation.Window, title: `fimble ${name.toLowerCase()}` };
  const { output } = await vscode.window.withProgress(working, () =>
    run({ command: found.command, args: [name.toLowerCase()], env }),
  );
  await pages.show(name, output);
}
