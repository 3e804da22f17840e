/**
 * What a client says besides the key: named values, such as those of a policy request.
 *
 * Some are secret, such as a password. Those can be asked for by name and are in nothing that is
 * listed, printed or sent: no log, trace, explanation or stored answer can hold one by accident.
 */
export class Attributes {
  /** The values that may be shown, by name. */
  readonly shown: Readonly<Record<string, string>>
  readonly #secret: ReadonlyMap<string, string>

  constructor(shown: Iterable<readonly [string, string]>, secret: Iterable<readonly [string, string]> = []) {
    this.shown = Object.fromEntries(shown)
    this.#secret = new Map(secret)
  }

  /** One value, secret or not; undefined when the client did not say it. */
  get(name: string): string | undefined {
    return this.#secret.get(name) ?? (Object.hasOwn(this.shown, name) ? this.shown[name] : undefined)
  }
}
