/** Questions that the user answers by picking or typing. */

import * as vscode from "vscode";
import type { Life } from "./life";
import { isAddress, type Keys } from "./secrets";
import { read, write } from "./settings";

/** How long to be quiet, in minutes. */
export async function pickMinutes(): Promise<number | undefined> {
  const choices = [5, 30, 60].map(minutes => ({ label: `${minutes} minutes`, minutes }));
  const picked = await vscode.window.showQuickPick(choices, { placeHolder: "No suggestions for" });
  return picked?.minutes;
}

interface Models {
  selectable?: string[];
}

interface Choice extends vscode.QuickPickItem {
  choose(): Promise<void>;
}

/** Let the user choose what answers: a model of this machine, a file, or a server. */
export async function pickModel(life: Life, keys: Keys): Promise<void> {
  const engine = read("engine", "");
  const current = isAddress(engine) ? engine : read("model", "bundled");
  const choices = [...(await modelChoices(life)), fileChoice(), serverChoice(keys)].map(choice => ({
    ...choice,
    description: choice.label.endsWith(` ${current}`) ? "in use" : choice.description,
  }));
  const picked = await vscode.window.showQuickPick(choices as Choice[], {
    placeHolder: `Suggestions are made by: ${current}`,
    matchOnDescription: true,
  });
  await picked?.choose();
}

/** Ask for the key of a server and keep it; true when one was given. */
export async function askKey(keys: Keys, address: string): Promise<boolean> {
  const key = await vscode.window.showInputBox({
    title: `Key for ${address}`,
    prompt: "It is kept in the editor's secret storage. Leave it empty if the server needs none.",
    password: true,
    ignoreFocusOut: true,
  });
  if (key === undefined || key.trim() === "") return false;
  await keys.set(address, key.trim());
  return true;
}

/** Ask for the address of a server and use it; returns the address. */
export async function askAddress(): Promise<string | undefined> {
  const address = await vscode.window.showInputBox({
    title: "The fimble server to ask",
    placeHolder: "https://fimble.example.com",
    value: isAddress(read("engine", "")) ? read("engine", "") : "",
    ignoreFocusOut: true,
    validateInput: value =>
      isAddress(value.trim()) ? undefined : "An address begins with http:// or https://",
  });
  return address?.trim();
}

async function modelChoices(life: Life): Promise<Choice[]> {
  const client = life.running;
  const found = client?.has("fimble.models") ? await client.execute<Models>("fimble.models") : undefined;
  const names = found?.selectable ?? ["bundled", read("model", "bundled")];
  return [...new Set(names)].map(name => ({ label: `$(chip) ${name}`, choose: () => useModel(name) }));
}

function fileChoice(): Choice {
  const choose = async () => {
    const picked = await vscode.window.showOpenDialog({
      filters: { "GGUF models": ["gguf"] },
      openLabel: "Use",
    });
    if (picked?.[0]) await useModel(picked[0].fsPath);
  };
  return { label: "$(folder-opened) A GGUF file…", description: "on this machine", choose };
}

function serverChoice(keys: Keys): Choice {
  const choose = async () => {
    const address = await askAddress();
    if (address === undefined) return;
    if ((await keys.of(address)) === undefined) await askKey(keys, address);
    await write("engine", address);
  };
  return { label: "$(server) A fimble server…", description: "of your team", choose };
}

async function useModel(name: string): Promise<void> {
  await write("model", name);
  if (isAddress(read("engine", ""))) await write("engine", undefined);
}
