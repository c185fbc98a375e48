/** What is told of an error that the server reports, and what can be done about it. No editor in here. */

import { isAddress } from "./secrets";
import type { State } from "./state";

/** A whole message, short enough to be read, and the commands behind its buttons. */
export interface Trouble {
  message: string;
  buttons: Record<string, string>;
}

/** What is known beside the server's own words. */
export interface Circumstances {
  /** The setting `fimble.engine`. */
  engine: string;
  /** Whether a key is kept for it. */
  hasKey: boolean;
}

const LONGEST = 240;
const SETTINGS = { Settings: "fimble.openSettings" };
const EXAMINE = { "Run Doctor": "fimble.runDoctor", "Show Log": "fimble.showLog" };

/** For trouble without anything better to do about it. */
export function general(message: string): Trouble {
  return { message, buttons: { ...EXAMINE, Restart: "fimble.restartServer", ...SETTINGS } };
}

export function explain({ message, advice }: State, { engine, hasKey }: Circumstances): Trouble {
  if (isAddress(engine) && /\bkey\b/i.test(message)) {
    const sentence = hasKey ? "refuses the key that is kept for it" : "wants a key";
    return {
      message: `The server ${engine} ${sentence}. Set the one that "fimble keys create" printed there.`,
      buttons: { "Set Key": "fimble.setKey", ...SETTINGS },
    };
  }
  const told = [shorten(message), advice?.includes("fimble doctor") ? "" : advice].filter(Boolean).join(" ");
  if (/\bmodel\b|gguf/i.test(message))
    return { message: told, buttons: { "Choose Model": "fimble.chooseModel", ...EXAMINE } };
  if (isAddress(engine)) return { message: told, buttons: { ...SETTINGS, "Show Log": "fimble.showLog" } };
  return general(told);
}

/** As many whole sentences as can be read at a glance, with settings by the names that they have here. */
function shorten(message: string): string {
  const named = message.replace(/`([a-z]+(?:_[a-z]+)*)`/g, (_, name: string) => `fimble.${camel(name)}`);
  const sentences = named.split(/(?<=[.!?])\s+/);
  let told = sentences.shift() ?? "";
  for (const sentence of sentences) {
    if (told.length + sentence.length >= LONGEST) break;
    told += ` ${sentence}`;
  }
  return told;
}

function camel(name: string): string {
  return name.replace(/_([a-z])/g, (_, letter: string) => letter.toUpperCase());
}
