/** What the user is told: one state with its reason, made of all that is known. No editor in here. */

export type Kind = "ready" | "loading" | "thinking" | "off" | "snoozed" | "missing" | "error";

/** `message` is a sentence for the user; `advice` says what to do about it. */
export interface State {
  kind: Kind;
  message: string;
  /** From 0 to 100. */
  progress?: number | undefined;
  advice?: string | undefined;
  /** What answers now, and what it stands in for. */
  engine?: string | undefined;
  model?: string | undefined;
  /** What the engine remembers of the workspace. */
  project?: string | undefined;
}

/** Everything that decides what is shown. */
export interface Facts {
  /** The extension's own view of the server: is it found, does it start, has it stopped. */
  server: State;
  /** What a running server said last. */
  said?: State | undefined;
  enabled: boolean;
  disabledLanguages: readonly string[];
  /** Milliseconds since 1970. */
  snoozedUntil: number;
  /** The language of the active editor, or nothing when none is active. */
  language?: string | undefined;
  /** Whether the active editor's file is of a kind that suggestions are made for. */
  supported: boolean;
}

/** The state to show: what the user chose comes first, then trouble, then what the server says. */
export function resolve(facts: Facts, now: number): State {
  const chosen = silence(facts, now);
  if (chosen) return chosen;
  if (facts.server.kind !== "ready") return facts.server;
  return facts.said ?? facts.server;
}

/** Why no suggestions are to be asked for, by the user's own choice; nothing when they are. */
export function silence(facts: Facts, now: number): State | undefined {
  if (!facts.enabled) return { kind: "off", message: "Suggestions are turned off." };
  if (now < facts.snoozedUntil) {
    return { kind: "snoozed", message: `Suggestions are snoozed until ${clock(facts.snoozedUntil)}.` };
  }
  if (facts.language === undefined) return undefined;
  if (facts.disabledLanguages.includes(facts.language)) {
    return { kind: "off", message: `Suggestions are turned off for ${facts.language} files.` };
  }
  if (!facts.supported)
    return { kind: "off", message: "This editor holds no file, so nothing is suggested." };
  return undefined;
}

const SAYABLE: readonly unknown[] = ["ready", "loading", "thinking", "off", "snoozed", "error"];

/** What the server says of itself (`fimble/status`); nothing for what cannot be understood. */
export function readStatus(sent: unknown): State | undefined {
  if (typeof sent !== "object" || sent === null) return undefined;
  const { kind, message, progress, action, engine, model, project } = sent as Record<string, unknown>;
  if (!SAYABLE.includes(kind)) return undefined;
  return {
    kind: kind as Kind,
    message: text(message) ?? "",
    progress: typeof progress === "number" ? Math.round(progress) : undefined,
    advice: text(action),
    engine: text(engine),
    model: text(model),
    project: text(project),
  };
}

function text(sent: unknown): string | undefined {
  return typeof sent === "string" && sent !== "" ? sent : undefined;
}

/** How a state looks in the status bar. */
export interface Look {
  text: string;
  tooltip: string;
  colour: "" | "warning" | "error";
}

const ICONS: Record<Kind, string> = {
  ready: "zap",
  loading: "loading~spin",
  thinking: "loading~spin",
  off: "circle-slash",
  snoozed: "bell-slash",
  missing: "cloud-download",
  error: "error",
};

const HEADLINES: Record<Kind, string> = {
  ready: "fimble is ready",
  loading: "fimble is starting",
  thinking: "fimble is thinking",
  off: "fimble is off",
  snoozed: "fimble is snoozed",
  missing: "fimble is not installed",
  error: "fimble has a problem",
};

export function look(state: State): Look {
  const progress = state.kind === "loading" && state.progress !== undefined ? ` ${state.progress} %` : "";
  return {
    text: `$(${ICONS[state.kind]}) fimble${progress}`,
    tooltip: [
      HEADLINES[state.kind],
      state.message,
      state.advice,
      state.engine && `Engine: ${state.engine}`,
      state.model && `Model: ${state.model}`,
      state.project && `Project: ${state.project}`,
    ]
      .filter(Boolean)
      .join("\n"),
    colour: state.kind === "error" ? "error" : state.kind === "missing" ? "warning" : "",
  };
}

function clock(time: number): string {
  return new Date(time).toLocaleTimeString([], { hour: "2-digit", minute: "2-digit" });
}
