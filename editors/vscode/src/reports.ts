/** Turning settings into the environment of the server's tools. */

/** Settings as the environment variables that the server's commands read. */
export function environmentOf(settings: Record<string, unknown>): Record<string, string> {
  const simple = Object.entries(settings).filter(([, value]) => value !== null && typeof value !== "object");
  return Object.fromEntries(
    simple.map(([name, value]) => [`FIMBLE_${snake(name).toUpperCase()}`, String(value)]),
  );
}

function snake(name: string): string {
  return name.replace(/[A-Z]/g, letter => `_${letter.toLowerCase()}`);
}
