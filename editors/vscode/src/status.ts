/** The item in the status bar, and the facts behind it. */

import * as vscode from "vscode";
import { SCHEMES } from "./client";
import { read } from "./settings";
import { look, resolve, silence, type Facts, type State } from "./state";

export class Status implements vscode.Disposable {
  private readonly item = vscode.window.createStatusBarItem("fimble", vscode.StatusBarAlignment.Right, 90);
  private readonly others: vscode.Disposable[] = [];
  private alarm: NodeJS.Timeout | undefined;
  private facts: Facts;

  constructor() {
    const server: State = { kind: "loading", message: "Looking for the server." };
    this.facts = { ...switches(), ...focused(), server, snoozedUntil: 0 };
    this.item.name = "fimble";
    this.item.command = "fimble.menu";
    this.others.push(
      vscode.window.onDidChangeActiveTextEditor(() => this.update(focused())),
      vscode.workspace.onDidOpenTextDocument(() => this.update(focused())), // a language was chosen
      vscode.workspace.onDidChangeConfiguration(() => this.update(switches())),
    );
    this.show();
    this.item.show();
  }

  get state(): State {
    return resolve(this.facts, Date.now());
  }

  get snoozed(): boolean {
    return Date.now() < this.facts.snoozedUntil;
  }

  /** The server as the extension sees it. While it is not ready, what it said before counts no more. */
  server(state: State): void {
    this.update(state.kind === "ready" ? { server: state } : { server: state, said: undefined });
  }

  said(state: State): void {
    this.update({ said: state });
  }

  snooze(milliseconds: number): void {
    clearTimeout(this.alarm);
    this.alarm = setTimeout(() => this.show(), milliseconds + 50);
    this.update({ snoozedUntil: Date.now() + milliseconds });
  }

  /** Whether the user wants no suggestions in a document. */
  silences(document: vscode.TextDocument): boolean {
    return silence({ ...this.facts, ...focusOn(document) }, Date.now()) !== undefined;
  }

  dispose(): void {
    clearTimeout(this.alarm);
    vscode.Disposable.from(this.item, ...this.others).dispose();
  }

  private update(change: Partial<Facts>): void {
    this.facts = { ...this.facts, ...change };
    this.show();
  }

  private show(): void {
    const { text, tooltip, colour } = look(this.state);
    this.item.text = text;
    this.item.tooltip = tooltip;
    this.item.accessibilityInformation = { label: tooltip.replaceAll("\n", " "), role: "button" };
    this.item.backgroundColor = colour
      ? new vscode.ThemeColor(`statusBarItem.${colour}Background`)
      : undefined;
  }
}

function switches(): Pick<Facts, "enabled" | "disabledLanguages"> {
  return { enabled: read("enabled", true), disabledLanguages: read<string[]>("disabledLanguages", []) };
}

function focused(): Pick<Facts, "language" | "supported"> {
  const editor = vscode.window.activeTextEditor;
  return editor ? focusOn(editor.document) : { language: undefined, supported: true };
}

function focusOn(document: vscode.TextDocument): Pick<Facts, "language" | "supported"> {
  return { language: document.languageId, supported: SCHEMES.includes(document.uri.scheme) };
}
