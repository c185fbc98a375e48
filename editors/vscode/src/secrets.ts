/** Keys for remote servers, in the editor's secret storage and nowhere else. */

/** The part of the editor's secret storage that is used here. */
export interface Storage {
  get(name: string): Thenable<string | undefined>;
  store(name: string, value: string): Thenable<void>;
  delete(name: string): Thenable<void>;
}

/** A key belongs to the server that it was set for: no setting can have it sent to another. */
export class Keys {
  constructor(private readonly storage: Storage) {}

  async of(address: string): Promise<string | undefined> {
    const name = nameFor(address);
    return name === undefined ? undefined : this.storage.get(name);
  }

  async set(address: string, key: string): Promise<void> {
    const name = nameFor(address);
    if (name !== undefined) await this.storage.store(name, key);
  }

  async forget(address: string): Promise<void> {
    const name = nameFor(address);
    if (name !== undefined) await this.storage.delete(name);
  }
}

/** Whether a setting `fimble.engine` is a server's address; `local` and nonsense are not. */
export function isAddress(engine: string): boolean {
  return nameFor(engine) !== undefined;
}

function nameFor(address: string): string | undefined {
  if (!/^https?:\/\//.test(address) || !URL.canParse(address)) return undefined;
  return `key for ${new URL(address).origin}`;
}
