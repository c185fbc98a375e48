/** Questions that the user answers by picking or typing. */

import * as vscode from "vscode";
import type { Life } from "./life";
import { run } from "./processes";
import { isAddress, type Keys } from "./secrets";
import { read, write } from "./settings";

/** How long to be quiet, in minutes. */
export async function pickMinutes(): Promise<number | undefined> {
  const choices = [5, 30, 60].map(minutes => ({ label: `${minutes} minutes`, minutes }));
  const picked = await vscode.window.showQuickPick(choices, { placeHolder: "No suggestions for" });
  return picked?.minutes;
}

/** How sure a suggestion must be to be shown while typing. */
export async function pickEagerness(): Promise<string | undefined> {
  const current = read("eagerness", "balanced");
  const choices = [
    { label: "subtle", detail: "Rarely, and nearly always right" },
    { label: "balanced", detail: "When it is likely to be right" },
    { label: "eager", detail: "Often, and sometimes wrong" },
  ].map(choice => ({ ...choice, description: choice.label === current ? "in use" : "" }));
  const picked = await vscode.window.showQuickPick(choices, { placeHolder: "Suggestions come" });
  return picked?.label;
}

interface Models {
  selectable?: string[];
  offered?: Offer[];
}

/** A model that can be chosen; one that is not `here` is downloaded first. */
interface Offer {
  name: string;
  here: boolean;
  detail: string;
}

interface Choice extends vscode.QuickPickItem {
  choose(): Promise<void>;
}

/** Let the user choose what answers: a model of this machine, a file, or a server. */
export async function pickModel(life: Life, keys: Keys): Promise<void> {
  const engine = read("engine", "");
  const current = isAddress(engine) ? engine : read("model", "bundled");
  const [here, elsewhere] = await modelChoices(life);
  const all = [...here, fileChoice(), serverChoice(keys), ...elsewhere];
  const choices = all.map(choice => ({
    ...choice,
    description: choice.label.endsWith(` ${current}`) ? `in use, ${choice.description}` : choice.description,
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

/** The models of this machine, and those that are downloaded first. */
async function modelChoices(life: Life): Promise<[Choice[], Choice[]]> {
  const client = life.running;
  const found = client?.has("fimble.models") ? await client.execute<Models>("fimble.models") : undefined;
  const names = found?.selectable ?? ["bundled", read("model", "bundled")];
  const offered = found?.offered ?? [...new Set(names)].map(name => ({ name, here: true, detail: "" }));
  const choice = ({ name, here, detail }: Offer): Choice => ({
    label: `$(${here ? "chip" : "cloud-download"}) ${name}`,
    description: detail,
    choose: async () => {
      if (here || (await pullModel(life, name))) await useModel(name);
    },
  });
  const isHere = (offer: Offer) => offer.here;
  return [offered.filter(isHere).map(choice), offered.filter(offer => !isHere(offer)).map(choice)];
}

/** Download a model with progress and a button to cancel; true when it is there. What was broken off goes on. */
async function pullModel(life: Life, name: string): Promise<boolean> {
  const found = await life.find();
  if (found === undefined || "problem" in found) return false;
  const title = `Downloading ${name}`;
  const options = { location: vscode.ProgressLocation.Notification, title, cancellable: true };
  return vscode.window.withProgress(options, async (progress, token) => {
    const stop = new AbortController();
    token.onCancellationRequested(() => stop.abort());
    let last = "";
    try {
      const { code } = await run({
        command: found.command,
        args: ["models", "pull", name],
        signal: stop.signal,
        onLine: line => progress.report({ message: (last = line.replace("fimble: ", "")) }),
      });
      if (code !== 0) void vscode.window.showErrorMessage(`fimble: ${last}`);
      return code === 0;
    } catch {
      return false; // the user has cancelled it
    }
  });
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
