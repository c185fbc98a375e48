/** What the menu offers in each situation. No editor in here. */

import type { State } from "./state";

export interface Entry {
  /** With a codicon in front, as quick picks show them. */
  label: string;
  description?: string;
  command: string;
  arguments?: unknown[];
}

export interface Situation {
  state: State;
  enabled: boolean;
  snoozed: boolean;
  /** Of the active editor, if there is one. */
  language: string | undefined;
  languageDisabled: boolean;
  eagerness: string;
  model: string;
}

/** The entries of the menu, the likeliest first. */
export function entries(now: Situation): Entry[] {
  return [...remedies(now.state), ...switches(now), ...services(now)];
}

function remedies(state: State): Entry[] {
  if (state.kind === "missing") {
    return [{ label: "$(cloud-download) Install the server", command: "fimble.installServer" }];
  }
  if (state.kind !== "error") return [];
  return [
    { label: "$(debug-restart) Restart the server", command: "fimble.restartServer" },
    { label: "$(cloud-download) Install the server again", command: "fimble.installServer" },
    {
      label: "$(settings-gear) Open the settings",
      command: "workbench.action.openSettings",
      arguments: ["fimble"],
    },
  ];
}

function switches({ enabled, snoozed, language, languageDisabled }: Situation): Entry[] {
  const found: Entry[] = [
    {
      label: enabled ? "$(circle-slash) Turn suggestions off" : "$(zap) Turn suggestions on",
      command: "fimble.toggleSuggestions",
    },
  ];
  if (language !== undefined && enabled) {
    const label = languageDisabled
      ? `$(zap) Turn suggestions on for ${language}`
      : `$(circle-slash) Turn suggestions off for ${language}`;
    found.push({ label, command: "fimble.toggleLanguage" });
  }
  if (enabled) {
    found.push(
      snoozed
        ? { label: "$(bell) End the snooze", command: "fimble.wake" }
        : { label: "$(bell-slash) Snooze…", command: "fimble.snoozeSuggestions" },
    );
  }
  return found;
}

function services({ eagerness, model, state }: Situation): Entry[] {
  const found: Entry[] = [
    { label: "$(chip) Choose the model…", description: model, command: "fimble.chooseModel" },
    { label: "$(dashboard) How eager…", description: eagerness, command: "fimble.chooseEagerness" },
    { label: "$(graph) Show statistics", command: "fimble.showStatistics" },
    { label: "$(pulse) Run the doctor", command: "fimble.runDoctor" },
    { label: "$(output) Show the log", command: "fimble.showLog" },
  ];
  if (state.kind !== "error") {
    found.push({ label: "$(debug-restart) Restart the server", command: "fimble.restartServer" });
    found.push({
      label: "$(settings-gear) Settings",
      command: "workbench.action.openSettings",
      arguments: ["fimble"],
    });
  }
  return found;
}
