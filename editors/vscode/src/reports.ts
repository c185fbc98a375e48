/** Turning what the server's tools say into text for people, and settings into their environment. */

/** Counters of a session, one line each: `promptTokens: 1200` becomes `Prompt tokens  1,200`. */
export function describe(counters: Record<string, unknown>): string {
  const rows = Object.entries(counters)
    .filter(([, value]) => typeof value === "number" || typeof value === "string")
    .map(([name, value]) => [
      words(name),
      typeof value === "number" ? value.toLocaleString("en") : String(value),
    ]);
  const width = Math.max(0, ...rows.map(([name]) => name!.length));
  return rows.map(([name, value]) => `${name!.padEnd(width + 2)}${value}`).join("\n");
}

/** Settings as the environment variables that the server's commands read. */
export function environmentOf(settings: Record<string, unknown>): Record<string, string> {
  const simple = Object.entries(settings).filter(([, value]) => value !== null && typeof value !== "object");
  return Object.fromEntries(
    simple.map(([name, value]) => [`FIMBLE_${snake(name).toUpperCase()}`, String(value)]),
  );
}

function words(name: string): string {
  const spaced = snake(name).replaceAll("_", " ");
  return spaced.charAt(0).toUpperCase() + spaced.slice(1);
}

function snake(name: string): string {
  return name.replace(/[A-Z]/g, letter => `_${letter.toLowerCase()}`);
}
